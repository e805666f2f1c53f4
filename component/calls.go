package component

import (
	"sync"

	"github.com/rembus-go/rembus/protocol"
)

// calls runs exposed methods, each call on a goroutine, a bounded number at a
// time. Serving never waits: what finds all places taken is queued, and beyond the
// bound refused.
type calls struct {
	c     *Component
	limit int // bytes of backlog
	max   int // running

	mu      sync.Mutex // Protects following
	running int
	backlog []call
	bytes   int
	stopped bool
	idle    chan struct{} // closed when stopped and nothing runs
}

type call struct {
	s      *session
	method *method
	msg    *protocol.Message
}

func newCalls(c *Component, o *options) *calls {
	return &calls{c: c, limit: o.inbox, max: o.handlers, idle: make(chan struct{})}
}

// serve starts or queues a call that came on s.
func (p *calls) serve(s *session, m *protocol.Message) {
	method := p.c.method(m.Topic)
	if method == nil {
		p.refuse(s, m, protocol.Errorf(protocol.StatusMethodNotFound, "%s", m.Topic))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stopped:
		p.refuse(s, m, protocol.Errorf(protocol.StatusMethodUnavailable, "%s", m.Topic))
	case p.running < p.max:
		p.running++
		go p.work(call{s, method, m})
	case p.bytes+m.Size() > p.limit:
		p.refuse(s, m, protocol.Errorf(protocol.StatusMethodUnavailable, "%s: too many calls wait", m.Topic))
	default:
		p.backlog = append(p.backlog, call{s, method, m})
		p.bytes += m.Size()
	}
}

func (p *calls) refuse(s *session, m *protocol.Message, err *protocol.Error) {
	p.c.out.answer(protocol.NewError(m.ID, err), s)
}

// work serves calls until none waits.
func (p *calls) work(next call) {
	for more := true; more; next, more = p.next() {
		if next.s.ctx.Err() == nil { // else nobody can get the answer
			p.c.out.answer(p.c.serve(next.s.ctx, next.method, next.msg), next.s)
		}
	}
}

// next returns the oldest call that waits; without one the place is free.
func (p *calls) next() (call, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.backlog) == 0 {
		p.backlog = nil
		p.running--
		if p.stopped && p.running == 0 {
			close(p.idle)
		}
		return call{}, false
	}
	c := p.backlog[0]
	p.backlog[0] = call{}
	p.backlog = p.backlog[1:]
	p.bytes -= c.msg.Size()
	return c, true
}

// stop refuses new calls; idle is closed when those that run or wait are
// answered.
func (p *calls) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.stopped = true
		if p.running == 0 {
			close(p.idle)
		}
	}
}
