package server

import (
	"errors"

	"github.com/rembus-go/rembus/protocol"
)

// pendingPub is a QoS1/2 message that was appended and is not durable yet.
type pendingPub struct {
	seq     uint64
	msg     *protocol.Message
	from    *twin
	session *session // that gets the ACK unless the twin has a newer one
}

// publish takes a PUB with QoS1/2 from a component, in its reading goroutine. It is
// routed when the log has it on disk (committed).
func (ss *session) publish(m *protocol.Message) {
	s := ss.server
	if err := s.log.Room(s.ctx); err != nil {
		ss.refusePub(m, err)
		return
	}
	s.stats.published.Add(1)
	s.mu.Lock()
	var err error
	if ss.mayPublish(m.Topic) {
		err = s.publishSure(ss, m)
	} else {
		err = errNotAllowed
	}
	s.mu.Unlock()
	if err != nil {
		ss.refusePub(m, err)
		return
	}
	s.log.Commit()
}

var errNotAllowed = errors.New("not allowed")

// mayPublish asks the guard. Core's lock held.
func (ss *session) mayPublish(topic string) bool {
	s := ss.server
	if !s.guarded || s.guard.Publish(ss.twin.name, topic) {
		return true
	}
	ss.log().Warn("publish refused", "topic", topic)
	return false
}

// runLength is the most QoS0 messages that are taken in one step.
const runLength = 64

// publishRun takes PUBs with QoS0 that came together: they are logged without
// waiting and routed at once. What the log does not take is delivered all the same to
// those who are live.
func (ss *session) publishRun(run []*protocol.Message) {
	s := ss.server
	if err := s.log.Room(s.ctx); err != nil {
		s.stats.refused.Add(uint64(len(run)))
		return
	}
	s.stats.published.Add(uint64(len(run)))
	s.mu.Lock()
	s.publishNow(ss, run)
	s.mu.Unlock()
	if ss.copies && s.reuses {
		for _, m := range run {
			m.Release()
		}
	}
}

func (s *Server) publishNow(ss *session, run []*protocol.Message) {
	n, now := 0, s.now()
	for _, m := range run {
		if ss.mayPublish(m.Topic) {
			s.entry[n] = protocol.Entry{Time: now, From: ss.twin.name, Msg: m}
			n++
		} else {
			s.stats.refused.Add(1)
		}
	}
	if n == 0 {
		return
	}
	entries := s.entry[:n]
	err := s.log.Append(s.entries[:n]...)
	for i := range entries {
		s.route(ss.twin.tenant, routedMessage{entries[i].Seq, entries[i].Msg, ss.twin})
	}
	if err != nil {
		s.stats.unlogged.Add(uint64(n))
	} else {
		s.routed[0] = entries[n-1].Seq
	}
	clear(entries)
}

// publishSure appends a QoS1/2 message unless it is a repeat.
func (s *Server) publishSure(ss *session, m *protocol.Message) error {
	t := ss.twin
	if m.QoS == protocol.QoS2 {
		if state, known := t.ids.state(m.ID); known {
			if state != idPending { // its first ACK was lost, or crossed the repeat
				ss.out.push(protocol.NewAck(m.ID), laneUrgent)
			}
			return nil
		}
	}
	if s.closing {
		return ErrShutdown
	}
	e := &s.entry[0]
	*e = protocol.Entry{Time: s.now(), From: t.name, Msg: m}
	if err := s.log.Append(s.entries[:1]...); err != nil {
		return err
	}
	if m.QoS == protocol.QoS2 {
		t.ids.add(m.ID)
		t.touch()
	}
	s.routed[0] = e.Seq
	s.pending = append(s.pending, pendingPub{e.Seq, m, t, ss})
	return nil
}

// refusePub answers a QoS1/2 message that was not stored.
func (ss *session) refusePub(m *protocol.Message, err error) {
	ss.server.stats.refused.Add(1)
	if m.QoS != protocol.QoS0 {
		ss.out.push(protocol.NewError(m.ID, protocol.Errorf(protocol.StatusError, "not taken: %v", err)), laneUrgent)
	}
}

// committed runs in the log's goroutine whenever the durable end has moved: it
// routes and acks, in the log's order, what is now on disk. When the log has
// failed for good nothing of what waits is routed or acked, ever.
func (s *Server) committed(durable uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.logger.Error("the log failed: QoS1/2 is refused from now on", "err", err)
		for _, p := range s.pending {
			p.from.ids.forget(p.msg.ID)
			p.ackTo().refusePub(p.msg, err)
		}
		s.pending = nil
	}
	n := 0
	for n < len(s.pending) && s.pending[n].seq <= durable {
		p := &s.pending[n]
		s.route(p.from.tenant, routedMessage{p.seq, p.msg, p.from})
		s.routed[1] = p.seq
		p.from.ids.acked(p.msg.ID)
		p.ackTo().out.push(protocol.NewAck(p.msg.ID), laneUrgent)
		*p = pendingPub{}
		n++
	}
	if s.pending = s.pending[n:]; len(s.pending) == 0 {
		s.pending = nil // its head has moved on: begin a new one
	}
	s.routed[1] = max(s.routed[1], durable)
	for t := range s.readers {
		t.changed.Broadcast()
	}
	s.settled.Broadcast()
}

// ackTo is the connection that the publisher has now.
func (p *pendingPub) ackTo() *session {
	if p.from.session != nil {
		return p.from.session
	}
	return p.session
}
