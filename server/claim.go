package server

import (
	"slices"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// A reader has it on disk so far ahead that it may have offered QoS0 messages, and
// waits so long for a disk that is full.
const (
	claimAhead    = 1 << 12 // sequence numbers
	claimPatience = time.Second
)

// claim waits until it is on disk that what entries hold of QoS0 may have been
// offered, so that a crash does not have it offered again: at most once means to
// rather skip up to claimAhead. false: the reader has to end.
func (r *reader) claim(entries []*protocol.Entry, next uint64) bool {
	isQoS0 := func(e *protocol.Entry) bool { return e.Msg.QoS == protocol.QoS0 }
	if r.twin.name == "" || !slices.ContainsFunc(entries, isQoS0) {
		return true
	}
	s, c := r.server, r.cursor
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.over() && next+claimAhead/2 > c.claim {
		r.ask(next + claimAhead)
	}
	for !r.over() && c.claimed < next {
		r.wait()
	}
	return !r.over()
}

// ask has a claim written. Core's lock held.
func (r *reader) ask(claim uint64) {
	s, c := r.server, r.cursor
	c.claim = claim
	settled := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !r.over() {
			c.claimed = max(c.claimed, claim)
			r.twin.changed.Broadcast()
		}
	}
	late := time.AfterFunc(claimPatience, settled)
	s.put(keyTwin, r.twin, "", r.twin.state(), func(error) { late.Reset(0) })
	s.log.Commit()
}

// resumesAt is where the cursor goes on after a crash.
func (c *cursor) resumesAt() [2]uint64 {
	pos := c.position()
	pos[0] = max(pos[0], c.claim)
	return pos
}
