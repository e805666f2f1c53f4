package server

import (
	"github.com/rembus-go/rembus/protocol"
)

// A cursor that is level with the log but for the messages of this moment holds
// those back while it reads the rest; beyond these bounds it starts over.
const (
	holdMessages = 1 << 16
	holdBytes    = 16 << 20
)

// cursor moves subscriptions of one twin through the log. It is live (served by
// the router as messages come), or a reader brings it level with the log.
// Guarded by the core's lock.
//
// Invariant: everything of class k below next[k] has been offered, was not
// wanted, or was lost as QoS0 may be. While live, that is true up to routed[k].
type cursor struct {
	twin    *twin
	next    [2]uint64
	live    bool
	reading bool   // a reader is at work
	term    uint64 // a reader of an older term has to stop
	claim   uint64 // while reading: QoS0 below is not offered after a crash
	claimed uint64 // what of it is on disk

	joining   bool // the router adds to held
	held      []routedMessage
	heldBytes int
}

// routedMessage is a message as the router sees it.
type routedMessage struct {
	seq  uint64 // 0: QoS0 that the log did not take
	msg  *protocol.Message
	from *twin // its publisher; nil when not connected or not known
}

// position is what the cursor has passed, whether live or reading.
func (c *cursor) position() [2]uint64 {
	if !c.live {
		return c.next
	}
	r := &c.twin.server.routed
	return [2]uint64{max(c.next[0], r[0]+1), max(c.next[1], r[1]+1)}
}

// serves reports whether the cursor has a subscription to serve now.
func (c *cursor) serves() bool {
	for _, sub := range c.twin.subs {
		if c.takes(sub) {
			return true
		}
	}
	return false
}

// takes reports whether the cursor serves sub now.
func (c *cursor) takes(sub *subscription) bool {
	t := c.twin
	return sub.cursor == c && t.session != nil && t.mode != paused && (sub.from == 0 || t.mode == reactive)
}

// serve sets the cursor going: live when nothing lies before it, else by a reader.
func (c *cursor) serve() {
	t := c.twin
	t.detachWaiting()
	if c.reading || !c.serves() {
		return
	}
	if c.live {
		if t.owes(c) { // a subscription has joined that is owed something
			c.next, c.live = c.position(), false
			c.read()
		}
		return
	}
	low := c.lowestFloor()
	for k := range c.next {
		c.next[k] = max(c.next[k], low[k])
	}
	r := &t.server.routed
	if c != t.backfill && c.next[0] > r[0] && c.next[1] > r[1] && !t.owes(c) {
		c.live = true
		return
	}
	c.read()
}

// lowestFloor is where the first of the served subscriptions begins.
func (c *cursor) lowestFloor() (low [2]uint64) {
	first := true
	for _, sub := range c.twin.subs {
		if !c.takes(sub) {
			continue
		}
		for k := range low {
			if first || sub.floor[k] < low[k] {
				low[k] = sub.floor[k]
			}
		}
		first = false
	}
	return low
}

// stop ends serving; next stays where it was.
func (c *cursor) stop() {
	c.next = c.position()
	c.live, c.reading = false, false
	c.term++
	c.claim, c.claimed = 0, 0
	c.unhold()
	c.twin.changed.Broadcast()
}

// route offers a message that has just been routed. All its patterns go into the
// outbox as one step or not at all.
func (c *cursor) route(a *audience, r routedMessage, subs []matched) {
	k := r.msg.QoS.Class()
	if c.joining {
		c.hold(r)
		return
	}
	if !c.live || r.seq != 0 && r.seq < c.next[k] {
		return
	}
	if c.twin.push(a, r.seq, subs) {
		c.next[k] = max(c.next[k], r.seq+1)
		return
	}
	if r.seq == 0 { // not in the log: QoS0 is lost
		c.twin.server.stats.dropped.Add(1)
		return
	}
	pos := c.position()
	c.live = false
	c.next = pos
	c.next[k] = r.seq
	c.read()
}

func (c *cursor) hold(r routedMessage) {
	c.heldBytes += r.msg.Size()
	if len(c.held) >= holdMessages || c.heldBytes > holdBytes {
		c.unhold()
		return
	}
	r.msg.Retain() // for good: it is rarely used
	c.held = append(c.held, r)
}

func (c *cursor) unhold() {
	c.joining, c.held, c.heldBytes = false, nil, 0
}

// passed notes that everything below seq has been offered, in both classes.
func (c *cursor) passed(seq uint64) {
	for k := range c.next {
		c.next[k] = max(c.next[k], seq)
	}
}

// join offers what was held back and goes live; false means that there was no
// room for all of it and the reader has to go on.
func (c *cursor) join() bool {
	held := c.held
	c.unhold()
	for _, r := range held {
		k := r.msg.QoS.Class()
		if r.seq != 0 && r.seq < c.next[k] {
			continue
		}
		a, subs := c.twin.audience(r.msg, r.from, func(sub *subscription) bool {
			return c.takes(sub) && (r.seq == 0 || r.seq >= sub.floor[k])
		})
		if len(subs) > 0 && !c.twin.push(a, r.seq, subs) {
			return false
		}
		c.next[k] = max(c.next[k], r.seq+1)
	}
	c.live, c.reading = true, false
	c.claim, c.claimed = 0, 0
	return true
}
