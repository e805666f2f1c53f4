package server

import (
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// ack takes a subscriber's ACK of a delivery. A QoS2 one is answered by ACK2,
// for a named twin only once the ACK is on disk. The ACK of a delivery that a
// named twin has no more in its window is not: it may still be owed, and after an
// ACK2 the subscriber would take it for a new one.
func (ss *session) ack(id protocol.ID) {
	n, ok := id.Number()
	if !ok {
		return
	}
	s, t := ss.server, ss.twin
	s.mu.Lock()
	defer s.mu.Unlock()
	known := ss.settle(n)
	switch {
	case !isQoS2(n) || t.session != ss:
	case t.name == "":
		ss.out.push(protocol.NewAck2(id), laneUrgent)
	case known:
		t.ack2 = append(t.ack2, id)
		s.persistSoon()
	}
}

// settle takes a delivery out of the window, if it is there. Core's lock held.
func (ss *session) settle(id uint64) (known bool) {
	t := ss.twin
	if t.session != ss {
		return false
	}
	_, known = t.window[id]
	if !known { // the ACK of an earlier connection may come in this one
		_, known = t.again[id]
	}
	if known {
		delete(t.window, id)
		delete(t.again, id)
		t.idle = ss.server.now()
		t.touch()
		t.changed.Broadcast()
	}
	return known
}

// ack2 takes a publisher's ACK2: it will not repeat the message any more.
func (ss *session) ack2(id protocol.ID) {
	s := ss.server
	s.mu.Lock()
	defer s.mu.Unlock()
	ss.twin.ids.release(id, s.now())
	ss.twin.touch()
}

// housekeep runs once a second: calls and ids that are over, and subscribers
// that ack nothing at all.
func (s *Server) housekeep() {
	s.expireCalls()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	patience := int64(s.opts.AckTimeout) * int64(s.opts.SendRetries+1)
	for ss := range s.sessions {
		t := ss.twin
		t.ids.expire(now)
		if len(t.window) > 0 && now-t.idle > patience {
			ss.end(protocol.Errorf(protocol.StatusError, "no ACK for %v", time.Duration(patience)))
		}
	}
	for _, t := range s.twins {
		if t.session == nil {
			t.ids.expire(now)
		}
	}
	s.expireTwins(now)
}
