package lake

import (
	"context"
	"errors"
	"sync"
)

// keptOutcomes is how many failed commands are remembered for those who ask
// late.
const keptOutcomes = 1024

// ErrForgotten is returned by [Lake.Await] when so many commands failed after
// the one asked for that its outcome is no longer known.
var ErrForgotten = errors.New("lake: the outcome is no longer known")

// outcomes remembers the commands that failed, so that a caller learns about
// his own even if it was applied before he began to wait.
type outcomes struct {
	mu     sync.Mutex
	failed map[uint64]error
	order  [keptOutcomes]uint64 // ring of the keys of failed
	n      int                  // failures so far
	lost   uint64               // the newest one that fell out of the ring
}

func (o *outcomes) fail(seq uint64, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == nil {
		o.failed = make(map[uint64]error)
	}
	slot := &o.order[o.n%keptOutcomes]
	if o.n >= keptOutcomes {
		delete(o.failed, *slot)
		o.lost = *slot
	}
	*slot = seq
	o.failed[seq] = err
	o.n++
}

func (o *outcomes) of(seq uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err, found := o.failed[seq]; found {
		return err
	}
	if seq <= o.lost {
		return ErrForgotten
	}
	return nil
}

// Await waits until the lake has applied the upsert or deletion with the
// sequence number seq and returns its outcome: a *protocol.Error when it was
// refused. When ctx ends first the command is still applied, later.
func (l *Lake) Await(ctx context.Context, seq uint64) error {
	l.progress.expect(seq)
	l.kick()
	if err := l.progress.wait(ctx, seq); err != nil {
		return err
	}
	return l.outcomes.of(seq)
}
