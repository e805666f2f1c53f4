package server

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/rembus-go/rembus/protocol"
)

// session is one connection: the goroutine in Serve reads from its link, one
// writer sends what is in its outbox.
type session struct {
	server *Server
	link   protocol.Link
	out    outbox

	// Written under the core's lock by the reading goroutine, which alone may read
	// it without.
	twin *twin

	noAcks bool // a client with wide ids, rembus.js: it never acks. Core's lock.
	calls  int  // calls of this component in hand, built-in ones included. Core's lock.

	made, taken map[uint64]*call // passed on, and taken to be served. Core's lock.

	prompt   protocol.Prompt      // link, if it is one
	passed   []*session           // of the reading goroutine: they have something quiet in their outboxes
	copies   bool                 // link is a protocol.Copier
	buffered func() bool          // of a protocol.Buffered link, else nil
	run      [1]*protocol.Message // of the reading goroutine

	once sync.Once // end
}

// Serve runs the connection of one component until it ends, and says why it did:
// nil for a normal end. Any number may run at the same time.
func (s *Server) Serve(link protocol.Link) error {
	ss := &session{server: s, link: link, made: make(map[uint64]*call), taken: make(map[uint64]*call)}
	_, ss.copies = link.(protocol.Copier)
	ss.prompt, _ = link.(protocol.Prompt)
	if b, ok := link.(protocol.Buffered); ok {
		ss.buffered = b.Buffered
	}
	ss.out.init(s.opts.Outbox, &s.budget)
	if !s.admit(ss) {
		ss.out.close(true)
		_ = link.Close(ErrShutdown)
		return ErrShutdown
	}
	s.stats.connected.Add(1)
	var writer sync.WaitGroup
	writer.Go(ss.write)
	err := ss.read()
	s.leave(ss)
	ss.out.close(true)
	_ = link.Close(err)
	writer.Wait()
	s.released.Broadcast()
	if err == protocol.ErrClosed { // without a reason
		return nil
	}
	return err
}

// admit registers a new connection as that of an anonymous component.
func (s *Server) admit(ss *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	ss.twin = s.newTwin("")
	ss.twin.attach(ss)
	s.sessions[ss] = struct{}{}
	return true
}

// leave takes the connection off its twin and answers those who wait for it.
func (s *Server) leave(ss *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ss.dropTwin()
	delete(s.sessions, ss)
}

// dropTwin separates the session from its twin: a named one stays. Core's lock held.
func (ss *session) dropTwin() {
	t, s := ss.twin, ss.server
	s.dropCalls(ss)
	if t.session != ss {
		return // replaced by a newer connection
	}
	t.detach()
	if t.name == "" {
		s.removeTwin(t)
		return
	}
	s.persistSoon()
}

// read handles what the component sends, one message after the other; QoS0 that
// came together is taken in one step.
func (ss *session) read() error {
	defer ss.sendPassed()
	for {
		m, err := ss.link.Receive()
		if err == nil && isPlain(m) {
			m, err = ss.readRun(m)
		}
		switch {
		case err != nil:
			if !ss.refuseBad(err) {
				return err
			}
		case m != nil:
			ss.handle(m)
		}
		if len(ss.passed) > 0 && (len(ss.passed) >= runLength || ss.buffered == nil || !ss.buffered()) {
			ss.sendPassed()
		}
		ss.out.waitUrgent()
	}
}

func isPlain(m *protocol.Message) bool {
	return m.Type == protocol.Pub && m.QoS == protocol.QoS0 && !m.ID.IsWide()
}

// runs are the scratch of sessions that receive several messages at once.
var runs = sync.Pool{New: func() any { return new([runLength]*protocol.Message) }}

// readRun publishes first and what came with it. What Receive returned that does not
// belong to the run comes back.
func (ss *session) readRun(first *protocol.Message) (next *protocol.Message, err error) {
	if ss.buffered == nil || !ss.buffered() {
		ss.run[0] = first
		ss.publishRun(ss.run[:])
		return nil, nil
	}
	run := runs.Get().(*[runLength]*protocol.Message)
	defer runs.Put(run)
	run[0] = first
	n := 1
	for n < len(run) && ss.buffered() {
		if next, err = ss.link.Receive(); err != nil || !isPlain(next) {
			break
		}
		run[n], next = next, nil
		n++
	}
	ss.publishRun(run[:n])
	clear(run[:n])
	return next, err
}

// refuseBad answers a single message that was refused; any other error is not
// for it.
func (ss *session) refuseBad(err error) bool {
	var bad *protocol.BadMessage
	if !errors.As(err, &bad) {
		return false
	}
	ss.server.stats.refused.Add(1)
	ss.log().Debug("message refused", "err", bad)
	if !bad.ID.IsZero() {
		ss.out.push(protocol.NewError(bad.ID, bad.Err), laneUrgent)
	}
	return true
}

// handle dispatches one message.
func (ss *session) handle(m *protocol.Message) {
	if m.ID.IsWide() && !ss.noAcks {
		ss.server.mu.Lock()
		ss.noAcks = true
		ss.server.mu.Unlock()
	}
	switch m.Type {
	case protocol.Pub:
		if m.QoS == protocol.QoS0 {
			ss.run[0] = m
			ss.publishRun(ss.run[:])
			break
		}
		ss.publish(m)
	case protocol.RPC:
		ss.call(m)
	case protocol.Response:
		ss.response(m)
	case protocol.Ack:
		ss.ack(m.ID)
	case protocol.Ack2:
		ss.ack2(m.ID)
	case protocol.Admin:
		ss.admin(m)
	case protocol.Identity:
		ss.identify(m)
	case protocol.Register, protocol.Unregister:
		ss.refuse(m.ID, protocol.StatusError, "this broker has no key store: components need not register")
	case protocol.Attestation:
		ss.attest(m)
	default:
		ss.refuse(m.ID, protocol.StatusError, "unexpected message")
	}
}

// write sends what is queued, everything there is behind one flush.
func (ss *session) write() {
	var batch []*protocol.Message
	for {
		var ok bool
		if batch, ok = ss.out.take(batch[:0]); !ok {
			return
		}
		ok = ss.transmit(batch, ss.link.Send)
		if cap(batch) > batchMessages/4 && len(batch) < 64 {
			batch = nil // a burst must not be kept for ever
		}
		if !ok {
			return
		}
	}
}

// transmit sends a batch that was taken from the outbox. false: the connection has
// ended.
func (ss *session) transmit(batch []*protocol.Message, send func([]*protocol.Message) error) bool {
	err := send(batch)
	if err != nil {
		err = ss.settleUnsent(err)
	}
	if ss.out.sent(batch) {
		ss.server.mu.Lock()
		ss.twin.changed.Broadcast()
		ss.server.mu.Unlock()
	}
	if ss.copies {
		for _, m := range batch {
			m.Release()
		}
	}
	clear(batch)
	if err != nil {
		if !errors.Is(err, protocol.ErrClosed) {
			_ = ss.link.Close(err) // Receive ends, and with it the session
		}
		ss.out.close(true)
	}
	return err == nil
}

// promptBatches are the scratch of sendNow.
var promptBatches = sync.Pool{New: func() any { return new([promptMessages]*protocol.Message) }}

// sendNow sends what was pushed quietly, from the calling goroutine if that need
// not wait: a call that passes from one connection to the next then needs no other
// goroutine to wake up. Called without the core's lock.
func (ss *session) sendNow() {
	if ss.prompt == nil || !ss.prompt.Idle() {
		ss.out.wakeUp()
		return
	}
	room := promptBatches.Get().(*[promptMessages]*protocol.Message)
	if batch := ss.out.takeNow(room[:0]); len(batch) > 0 {
		ss.transmit(batch, ss.prompt.SendNow)
	}
	promptBatches.Put(room)
}

// fewCalls is up to how many calls in hand a connection gets each at once. With
// more, its writer finds several at a time, which costs less.
const fewCalls = 2

// pass sees to what was pushed quietly for to, which has some calls in hand: it is
// sent at the end of what is being handled, or its writer is told.
func (ss *session) pass(to *session, calls int) {
	if calls > fewCalls {
		to.out.wakeUp()
		return
	}
	if n := len(ss.passed); n == 0 || ss.passed[n-1] != to {
		ss.passed = append(ss.passed, to)
	}
}

// sendPassed sends what was pushed quietly while the last messages were handled.
func (ss *session) sendPassed() {
	for i, to := range ss.passed {
		to.sendNow()
		ss.passed[i] = nil
	}
	ss.passed = ss.passed[:0]
}

// settleUnsent settles what this peer can never get: a QoS1/2 delivery counts as
// acked, so that it is not offered again for ever, a call is answered for its
// callee. An error that is not about that comes back.
func (ss *session) settleUnsent(err error) error {
	var u *protocol.Unsent
	if !errors.As(err, &u) {
		return err
	}
	s := ss.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.dropped.Add(uint64(len(u.Messages)))
	s.logger.Warn("messages cannot be expressed to a component", "name", ss.twin.name, "count", len(u.Messages), "err", u.Err)
	for _, m := range u.Messages {
		n, _ := m.ID.Number()
		switch m.Type {
		case protocol.Pub:
			ss.settle(n)
		case protocol.RPC:
			if c, ok := s.calls[n]; ok && c.callee == ss {
				s.forgetCall(n, c)
				c.caller.refuse(c.callerID, protocol.StatusMethodArgs, "the arguments cannot be expressed to the component: "+u.Err.Error())
			}
		}
	}
	return nil
}

// reply answers a request.
func (ss *session) reply(id protocol.ID, s protocol.Status, data *protocol.Payload) {
	if !id.IsZero() {
		if !ss.out.pushAnswer(protocol.NewResponse(id, s, data), false) {
			ss.out.push(protocol.NewError(id, protocol.Errorf(protocol.StatusError, "too many answers are waiting to be read")), laneUrgent)
		}
	}
}

func (ss *session) refuse(id protocol.ID, s protocol.Status, text string) {
	ss.reply(id, s, protocol.TextPayload(text))
}

// end closes the connection for a reason, without waiting: safe under the
// core's lock.
func (ss *session) end(reason error) {
	ss.once.Do(func() {
		ss.server.tasks.Go(func() { _ = ss.link.Close(reason) })
		ss.out.close(true)
	})
}

func (ss *session) log() *slog.Logger {
	return ss.server.logger.With("name", ss.twin.name, "addr", ss.link.RemoteAddr())
}
