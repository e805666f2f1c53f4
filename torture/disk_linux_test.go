package torture

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFullDisk: faults 4 and 5. The disk of journal and lake fills up under load:
// publishers are refused, subscribers get what was acked, and when there is room
// again everything goes on, also when the broker was killed and started meanwhile.
func TestFullDisk(t *testing.T) {
	ctx := bounded(t, patience)
	rnd := dice(t)
	b := newBroker(t, "--schema", "testdata/schema.json")
	if err := syscall.Mount("tmpfs", b.dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() {
		b.kill()
		if err := syscall.Unmount(b.dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	b.serve()
	l := usual(rnd)
	l.start(ctx, t, b)
	for _, killed := range []bool{false, true} {
		l.await(ctx, t, acks, 300)
		free := fill(t, filepath.Join(b.dir, "ballast"))
		l.await(ctx, t, refusals, 20)
		if killed {
			b.kill()
			more := fill(t, filepath.Join(b.dir, "more")) // what it left: it starts without a byte of room
			b.serve()
			l.await(ctx, t, refusals, 20)
			more()
		}
		free()
	}
	l.await(ctx, t, acks, 300)
	l.drain(t)
	l.examine(ctx, t, b, true)
	b.stop()
	for _, line := range b.troubles("lake", "no space left", "full") {
		t.Error(line)
	}
}

// fill takes what room there is, down to the last byte.
func fill(t *testing.T, name string) (free func()) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1 << 20; n > 0; {
		if _, err := f.Write(make([]byte, n)); errors.Is(err, syscall.ENOSPC) {
			n /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}
