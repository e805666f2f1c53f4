package server

import (
	"sync"

	"github.com/rembus-go/rembus/protocol"
)

// mode is what a connected component has said about being reactive.
type mode uint8

const (
	passive  mode = iota // nothing yet: gets live what it wants from now on
	reactive             // reactive(true): gets what is stored, then live
	paused               // reactive(false): gets nothing
)

// twin is the broker's half of a component: for a named one it outlives the
// connection. Guarded by the core's lock.
type twin struct {
	server  *Server
	name    string // "" for an anonymous component
	tenant  *tenant
	session *session // nil while away
	mode    mode
	indexed bool // its subscriptions are in the tenant's index: while it is connected

	subs    map[string]*subscription
	nextNum uint32
	filter  *filter // of subs, for readers; nil after a change
	nums    map[uint32]*subscription
	marks   map[string][2]uint64 // where removed subscriptions stood
	exposed map[string]*exposer
	busy    int // calls in hand

	// tracked twins have a place in the log: the named ones, and anonymous ones that asked for what is stored.
	tracked  bool
	main     cursor
	backfill *cursor    // catches up alone for subscriptions made or woken later
	window   window     // QoS1/2 without ACK, offered in this connection
	again    window     // and those of earlier connections, to be offered again
	away     []interval // of sequence numbers, while it was not connected
	owed     uint64     // what came up to here came while it was connected

	connectedAt  uint64 // the log's end when the connection began
	reactiveAt   uint64 // and at reactive(true)
	reactiveTime int64  // the time of it, ns
	bound        int64  // how far back it may reach, ns; negative = as far as msg_from says
	seen         int64  // when it was last connected, ns
	idle         int64  // ns time of the last ACK, or since when something waits for one

	changed   sync.Cond // on the core's lock: readers wait for room, the log or an end
	waiting   int       // readers in changed.Wait
	ids       publisherIDs
	forgotten bool          // removed: nothing of it may be written again
	dirty     bool          // place in the log not written since it changed
	ack2      []protocol.ID // ACK2s that go out once the place is on disk
}

// maxAway bounds the absences remembered; beyond it the oldest counts as present,
// which offers more than msg_from asked for, never less.
const maxAway = 64

func (t *twin) wasAway(seq uint64) bool {
	for _, i := range t.away {
		if i.holds(seq) {
			return true
		}
	}
	return false
}

// attach begins a connection. Subscriptions that want only new messages are
// served from here on; the others wait for reactive(true).
func (t *twin) attach(s *session) {
	t.session, t.mode, t.bound = s, passive, -1
	if !t.indexed {
		t.tenant.index.addAll(t.subs)
		t.indexed = true
	}
	end := t.server.log.End()
	t.connectedAt, t.reactiveAt, t.reactiveTime = end, end, t.server.now()
	if !t.tracked {
		return
	}
	if end > t.owed {
		t.away = append(t.away, interval{t.owed + 1, end})
		if len(t.away) > maxAway {
			t.away = t.away[1:]
		}
	}
	for _, sub := range t.subs {
		if sub.cursor == nil || sub.from != 0 {
			continue
		}
		sub.raise(t.main.next)
		sub.floor[0] = end + 1
		if sub.floor[1] > t.owed { // nothing of the time before is due
			sub.floor[1] = end + 1
		}
	}
	t.main.serve()
}

// detachWaiting takes the subscriptions that wait for reactive(true) off the main
// cursor when that is going to move on for others.
func (t *twin) detachWaiting() {
	if t.session == nil || t.mode != passive || !t.main.serves() {
		return
	}
	saved := false
	for _, sub := range t.subs {
		if sub.cursor == &t.main && sub.from != 0 {
			if !saved {
				t.save() // what is unacked below the places that follow
				saved = true
			}
			sub.raise(t.main.next)
			sub.cursor = nil
			t.server.saveSubscription(sub, nil)
		}
	}
}

// halt stops all serving and notes how far it came: at the end of a connection
// and at reactive(false). What is on its way stays in the window.
func (t *twin) halt() {
	if !t.tracked || t.mode == paused {
		return
	}
	if c := t.backfill; c != nil {
		t.leave(c)
		c.stop()
		t.backfill = nil
	}
	t.main.stop()
	t.owed = t.server.log.End()
	t.touch()
}

// leave takes all subscriptions off a cursor; they keep its place.
func (t *twin) leave(c *cursor) {
	t.save() // what is unacked below the places that follow
	pos := c.position()
	for _, sub := range t.subs {
		if sub.cursor == c {
			sub.raise(pos)
			sub.cursor = nil
			t.server.saveSubscription(sub, nil)
		}
	}
}

// detach ends the connection of the twin: what is unacked will be offered again.
func (t *twin) detach() {
	t.halt()
	t.unindex()
	for id, key := range t.window {
		if t.nums[key.Num] != nil { // what was unsubscribed is not owed
			t.again.add(id, key)
		}
	}
	t.window = nil
	t.seen = t.server.now()
	t.session, t.mode = nil, passive
	t.changed.Broadcast()
}

// unindex takes the subscriptions out of the index, where they would cost every
// message to their topics something.
func (t *twin) unindex() {
	if t.indexed {
		t.tenant.index.removeAll(t.subs)
		t.indexed = false
	}
}

// setReactive serves everything from here on, what is stored first; bound limits
// how far the replay reaches back, in nanoseconds, unless it is negative.
func (t *twin) setReactive(bound int64) {
	if t.mode == reactive {
		return
	}
	resumed := t.mode == paused
	end := t.server.log.End()
	t.mode, t.bound = reactive, bound
	t.reactiveAt, t.reactiveTime = end, t.server.now()
	if !t.tracked {
		return
	}
	if resumed && end > t.owed {
		t.away = append(t.away, interval{t.owed + 1, end})
	}
	t.main.serve()
	t.catchUp()
	t.save()
}

// pause stops delivery until setReactive.
func (t *twin) pause() {
	t.halt()
	t.mode = paused
}

// catchUp starts the backfill of the subscriptions that no cursor serves, unless
// one is running: then they wait for its end.
func (t *twin) catchUp() {
	if t.mode != reactive || t.backfill != nil {
		return
	}
	var c *cursor
	for _, sub := range t.subs {
		if sub.cursor != nil {
			continue
		}
		if c == nil {
			c = &cursor{twin: t, next: sub.floor}
		}
		sub.cursor = c
		for k := range c.next {
			c.next[k] = min(c.next[k], sub.floor[k])
		}
	}
	if c != nil {
		t.backfill = c
		t.touch()
		c.serve()
	}
}

// merge hands the subscriptions of a backfill that is level with the log to the
// main cursor.
func (t *twin) merge(c *cursor) {
	t.save()
	pos := c.position()
	for _, sub := range t.subs {
		if sub.cursor == c {
			sub.raise(pos)
			sub.cursor = &t.main
			t.server.saveSubscription(sub, nil)
		}
	}
	c.stop()
	t.backfill = nil
	if !t.main.live && !t.main.reading {
		t.main.next = pos // it served nobody
		t.main.live = true
	}
	t.catchUp()
	t.save()
}

// owes reports whether a cursor has something to offer again.
func (t *twin) owes(c *cursor) bool {
	for _, key := range t.again {
		if sub := t.nums[key.Num]; sub != nil && c.takes(sub) {
			return true
		}
	}
	return false
}

// touch notes that the twin's place in the log is to be written.
func (t *twin) touch() {
	if t.name != "" && !t.dirty && !t.forgotten {
		t.dirty = true
		t.server.dirty = append(t.server.dirty, t)
	}
}
