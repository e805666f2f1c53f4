package server

import (
	"math"

	"github.com/rembus-go/rembus/protocol"
)

// lastReceived is the msg_from that asks for everything not yet received.
const lastReceived = math.MaxInt64

// subscription is one pattern of one twin. Guarded by the core's lock.
//
// Invariant: one that is served from now on is with the main cursor.
//
// A subscription is served by a cursor: by the twin's main one, or, while it
// catches up alone, by the twin's backfill. What no cursor serves (detached)
// keeps its own place in the log in floor.
type subscription struct {
	twin    *twin
	pattern string
	isSpace bool
	space   protocol.Space // when isSpace
	num     uint32         // tells the twin's subscriptions apart in delivery ids
	from    int64          // msg_from in nanoseconds; 0 = from now, lastReceived = all

	cursor  *cursor   // serves it; nil while detached
	created uint64    // the log's end when it was made, or last changed to from now
	floor   [2]uint64 // per class: nothing below is offered
	base    [2]uint64 // the floors before created, for when it is to reach back
	served  [2]uint64 // per class: from created up to below this it was offered what came while connected
}

// interval is a closed range of sequence numbers, empty when To < From.
type interval struct {
	From uint64 `cbor:"1,keyasint"`
	To   uint64 `cbor:"2,keyasint"`
}

func (i interval) holds(seq uint64) bool { return i.From <= seq && seq <= i.To }

func newSubscription(t *twin, pattern string, l protocol.Limits) (*subscription, error) {
	s := &subscription{twin: t, pattern: pattern}
	if !protocol.IsSpace(pattern) {
		return s, protocol.CheckTopic(pattern, l)
	}
	s.isSpace = true
	var err error
	s.space, err = protocol.ParseSpace(pattern, l)
	return s, err
}

// wants reports whether a stored entry is to be offered: it is not below the
// floor, and was published while the twin was served or lies within msg_from.
func (s *subscription) wants(e *protocol.Entry, class int) bool {
	if e.Seq < s.floor[class] {
		return false
	}
	t := s.twin
	if e.Seq > s.created && !t.wasAway(e.Seq) {
		if e.Seq < s.served[class] {
			return false
		}
		owed := class == 1 && e.Seq <= t.owed
		if s.from == 0 || owed || e.Seq > t.reactiveAt {
			return true
		}
	}
	from := s.from
	if t.bound >= 0 {
		from = min(from, t.bound)
	}
	switch from {
	case 0:
		return false
	case lastReceived:
		return true
	}
	return e.Time >= t.reactiveTime-from
}

// raise moves the floor up to pos.
func (s *subscription) raise(pos [2]uint64) {
	for k := range pos {
		s.floor[k] = max(s.floor[k], pos[k])
	}
}
