package journal

import "testing"

// TestChunksAreKeptForABit: no more than the bound, and none once they are not needed.
func TestChunksAreKeptForABit(t *testing.T) {
	var p pool
	for range 2 * spareChunks {
		p.put(new(chunk))
	}
	if len(p.free) != spareChunks {
		t.Errorf("%d are kept", len(p.free))
	}
	p.trim() // all were needed till now
	last := p.free[len(p.free)-1]
	if len(p.free) != spareChunks || p.get() != last {
		t.Error("what is in use is dropped, or not used again")
	}
	p.put(last)
	for range spareChunks {
		p.trim()
	}
	if len(p.free) != 0 {
		t.Errorf("%d of no use are kept", len(p.free))
	}
}
