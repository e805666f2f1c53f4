package lake

import (
	"context"
	"sync"
)

// progress is how far the lake has read the log, to be waited for.
type progress struct {
	mu      sync.Mutex
	seq     uint64
	want    uint64        // the highest number that somebody waits for
	changed chan struct{} // closed when seq has grown
	ended   bool
}

func (p *progress) init(seq uint64) {
	p.seq = seq
	p.changed = make(chan struct{})
}

func (p *progress) at() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seq
}

// awaited reports whether somebody waits for more.
func (p *progress) awaited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.want > p.seq
}

// reach says that everything up to seq is in the lake.
func (p *progress) reach(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if seq <= p.seq {
		return
	}
	p.seq = seq
	close(p.changed)
	p.changed = make(chan struct{})
}

// reset says where a file stands that was opened: back, when one was set aside.
func (p *progress) reset(seq uint64) {
	p.mu.Lock()
	back := seq < p.seq
	if back {
		p.seq = seq
	}
	p.mu.Unlock()
	if !back {
		p.reach(seq)
	}
}

// end lets everybody who waits go with ErrClosed.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	close(p.changed)
	p.changed = make(chan struct{})
}

// wait returns nil when everything up to seq is in the lake.
func (p *progress) wait(ctx context.Context, seq uint64) error {
	for {
		p.mu.Lock()
		if p.seq >= seq {
			p.mu.Unlock()
			return nil
		}
		if p.ended {
			p.mu.Unlock()
			return ErrClosed
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// expect makes the reader hurry until seq is reached.
func (p *progress) expect(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.want = max(p.want, seq)
}
