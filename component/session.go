package component

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// session is one connection of a component: its link, the goroutine that reads
// it and the requests that wait for an answer on it.
type session struct {
	c      *Component
	link   protocol.Link
	copies bool            // link is a protocol.Copier
	prompt protocol.Prompt // link, if it is one
	ctx    context.Context // of the handlers of calls; ends with the connection
	cancel context.CancelFunc
	ended  chan struct{} // closed when the reader has ended
	err    error         // why; written before ended is closed
	gone   chan struct{} // closed when the component no longer uses it
	silent chan struct{} // closed when the writer has ended

	mu      sync.Mutex // Protects following
	pending map[uint64]*request
	reason  error // why this side closed the link
}

// request waits for one RESPONSE. A nil message says that the connection ended.
// It is used again: answer is empty when it goes back into the pool.
type request struct{ answer chan *protocol.Message }

func newRequest() any { return &request{answer: make(chan *protocol.Message, 1)} }

// open starts reading the link.
func (c *Component) open(link protocol.Link) *session {
	s := &session{c: c, link: link, ended: make(chan struct{}), gone: make(chan struct{}), silent: make(chan struct{}),
		pending: make(map[uint64]*request)}
	_, s.copies = link.(protocol.Copier)
	s.prompt, _ = link.(protocol.Prompt)
	s.ctx, s.cancel = context.WithCancel(c.ctx)
	c.out.open(s)
	c.running.Go(s.read)
	return s
}

// read receives until the link ends. It never waits for a handler or for room:
// answers and ACKs come through whatever the handlers do.
func (s *session) read() {
	for {
		m, err := s.link.Receive()
		if err == nil {
			s.receive(m)
		} else if !s.refuse(err) {
			s.end(err)
			return
		}
	}
}

func (s *session) receive(m *protocol.Message) {
	switch m.Type {
	case protocol.Pub:
		switch s.c.in.push(m, s) {
		case repeated:
			s.c.out.answer(protocol.NewAck(m.ID), s)
		case flooded:
			s.fail(errors.New("the broker sent far more than its window"))
		}
	case protocol.Response:
		if !s.answered(m) {
			s.c.out.refused(m.ID, failed(m)) // else the answer to a request that was given up
		}
	case protocol.Ack:
		s.c.out.acked(m.ID)
	case protocol.Ack2:
		s.c.in.released(m.ID)
	case protocol.RPC:
		s.c.calls.serve(s, m)
	default:
		if !m.ID.IsZero() {
			s.c.out.answer(protocol.NewError(m.ID, protocol.Errorf(protocol.StatusError, "a component does not serve this")), s)
		}
	}
}

// refuse reports a message that the codec refused; any other error is not for it.
func (s *session) refuse(err error) bool {
	var bad *protocol.BadMessage
	if !errors.As(err, &bad) {
		return false
	}
	if !bad.ID.IsZero() {
		s.c.out.answer(protocol.NewError(bad.ID, bad.Err), s)
	}
	s.c.report(fmt.Errorf("rembus: refused a message of the broker: %w", bad))
	return true
}

// send writes a batch. What the encoding cannot express fails alone: Publish and
// RPC refuse it before where they can.
func (s *session) send(batch []*protocol.Message, send func([]*protocol.Message) error) error {
	err := send(batch)
	var unsent *protocol.Unsent
	if err == nil || !errors.As(err, &unsent) {
		return err
	}
	for _, m := range unsent.Messages {
		s.c.out.refused(m.ID, unsent)
	}
	s.c.report(unsent)
	return nil
}

// fail ends the connection from this side.
func (s *session) fail(reason error) {
	s.mu.Lock()
	if s.reason == nil {
		s.reason = reason
	}
	s.mu.Unlock()
	s.link.Close(reason)
}

// end is the reader's last act: every request learns it at once.
func (s *session) end(err error) {
	s.link.Close(nil)
	s.mu.Lock()
	pending := s.pending
	s.pending = nil
	if s.reason != nil {
		err = s.reason
	}
	s.mu.Unlock()
	s.err = lost(err)
	for _, r := range pending {
		r.answer <- nil
	}
	s.cancel()
	close(s.ended)
}

// lost wraps the reason why a connection ended.
func lost(err error) error {
	if err == nil || errors.Is(err, ErrConnectionLost) {
		return ErrConnectionLost
	}
	return fmt.Errorf("%w: %w", ErrConnectionLost, err)
}

// await registers a request of the id that m will carry.
func (s *session) await(id uint64) (*request, error) {
	r := s.c.requests.Get().(*request)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		s.c.requests.Put(r)
		return nil, ErrConnectionLost
	}
	s.pending[id] = r
	return r, nil
}

// waiting is how many requests wait for their answers.
func (s *session) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}

// answered hands a RESPONSE to who waits for it.
func (s *session) answered(m *protocol.Message) bool {
	id, _ := m.ID.Number()
	s.mu.Lock()
	r := s.pending[id]
	delete(s.pending, id)
	s.mu.Unlock()
	if r != nil {
		r.answer <- m
	}
	return r != nil
}

// giveUp forgets a request whose answer nobody waits for any more.
func (s *session) giveUp(id uint64, r *request) {
	s.mu.Lock()
	_, waiting := s.pending[id]
	delete(s.pending, id)
	s.mu.Unlock()
	if !waiting {
		<-r.answer // taken out for us a moment ago; it will be there
	}
	s.c.requests.Put(r)
}

// result waits for the answer to r until ctx ends or expired fires.
func (s *session) result(ctx context.Context, id uint64, r *request, expired <-chan time.Time) (*protocol.Message, error) {
	select {
	case m := <-r.answer:
		s.c.requests.Put(r)
		if m == nil {
			return nil, ErrConnectionLost
		}
		return m, nil
	case <-ctx.Done():
		s.giveUp(id, r)
		return nil, ended(ctx)
	case <-expired:
		s.giveUp(id, r)
		return nil, ErrTimeout
	}
}
