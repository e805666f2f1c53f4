package journal

import "sync"

const (
	chunkBytes  = 256 << 10 // every record without shared data fits in it
	spareChunks = 32        // kept at most
)

// chunk is memory for records.
type chunk [chunkBytes]byte

// chunks are those that no batch has. A sync.Pool would be emptied each time that garbage
// is collected, and publishers would have to make new ones, and help to collect, under the locks
// that everybody needs.
var chunks pool

type pool struct {
	mu     sync.Mutex // protects following
	free   []*chunk
	unused int // of these since trim
}

func (p *pool) get() *chunk {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return new(chunk)
	}
	c := p.free[n-1]
	p.free[n-1] = nil
	p.free = p.free[:n-1]
	p.unused = min(p.unused, n-1)
	return c
}

func (p *pool) put(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < spareChunks {
		p.free = append(p.free, c)
	}
}

// trim drops half of what was not needed since the last time.
func (p *pool) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range (p.unused + 1) / 2 {
		last := len(p.free) - 1
		p.free[last] = nil
		p.free = p.free[:last]
	}
	p.unused = len(p.free)
}
