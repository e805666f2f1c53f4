package component

import (
	"slices"
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
	spare   int       // goroutines without a call, waiting in wake
	wake    sync.Cond // something was handed to them, or stopped
	handed  []call    // to them; not more than they are
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
	p := &calls{c: c, limit: o.inbox, max: o.handlers, idle: make(chan struct{})}
	p.wake.L = &p.mu
	return p
}

// maxSpareWorkers is how many goroutines without a call are kept: their stacks have grown to
// what handlers need, which a new one has to do first.
const maxSpareWorkers = 8

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
		if p.spare == 0 {
			go p.work(call{s, method, m})
			return
		}
		p.spare--
		p.handed = append(p.handed, call{s, method, m})
		p.wake.Signal()
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

// work serves calls until there is nothing to do.
func (p *calls) work(next call) {
	exited := true
	defer func() {
		if exited { // by runtime.Goexit in the function: the next call is another goroutine's
			p.refuse(next.s, next.msg, protocol.Errorf(protocol.StatusMethodException, "%s ended its goroutine", next.msg.Topic))
			p.leave()
		}
	}()
	for more := true; more; next, more = p.next() {
		if next.s.ctx.Err() == nil { // else nobody can get the answer
			p.c.out.answerNow(p.c.serve(next.s.ctx, next.method, next.msg), p.serving(), next.s)
		}
	}
	exited = false
}

// serving is how many calls run.
func (p *calls) serving() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// next returns the oldest call that waits. A few goroutines stay for a later one.
func (p *calls) next() (call, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.waiting(); ok {
		return c, true
	}
	return p.stay()
}

// leave hands on the place of a call.
func (p *calls) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.waiting(); ok {
		go p.work(c)
	}
}

// waiting returns the oldest call that waits; without one the place is free. Called
// with mu held.
func (p *calls) waiting() (call, bool) {
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

// stay waits for a call, if few others do.
func (p *calls) stay() (call, bool) {
	if p.stopped || p.spare >= maxSpareWorkers {
		return call{}, false
	}
	p.spare++
	for len(p.handed) == 0 {
		if p.stopped {
			return call{}, false
		}
		p.wake.Wait()
	}
	c := p.handed[0]
	p.handed = slices.Delete(p.handed, 0, 1)
	return c, true
}

// stop refuses new calls; idle is closed when those that run or wait are
// answered.
func (p *calls) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.stopped = true
		p.wake.Broadcast()
		if p.running == 0 {
			close(p.idle)
		}
	}
}
