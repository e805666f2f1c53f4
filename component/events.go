package component

import "github.com/rembus-go/rembus/protocol"

const (
	chunkEvents = 128
	spareChunks = 8
)

// event is a delivery, or something else to do in order with deliveries. It is
// copied for each message, hence small.
type event struct {
	msg  *protocol.Message
	from *session // that msg came on
	do   *chore   // when msg is nil; nil if a delivery was dropped
}

// load is what deliveries weigh.
type load struct {
	bytes   int   // of QoS0
	unacked int   // QoS1/2 deliveries
	held    int64 // their bytes
}

func (l *load) change(by load, sign int) {
	l.bytes += sign * by.bytes
	l.unacked += sign * by.unacked
	l.held += int64(sign) * by.held
}

func loadOf(m *protocol.Message) load {
	switch {
	case m == nil:
		return load{}
	case m.QoS == protocol.QoS0:
		return load{bytes: m.Size()}
	}
	return load{unacked: 1, held: int64(m.Size())}
}

// chunk is some events in order, taken as a whole.
type chunk struct {
	load
	n      int
	events [chunkEvents]event
	next   *chunk
}

// events is a queue of events, which stay in their places: none is moved while a
// backlog grows and shrinks.
type events struct {
	load
	first, last *chunk
	cut         *chunk // no droppable QoS0 before its place at; nil: first
	at          int
	spare       *chunk
	spares      int
}

// add reports whether the queue was empty.
func (q *events) add(e event, l load) (empty bool) {
	c := q.last
	switch {
	case c == nil:
		c = q.room()
		q.first, q.last, empty = c, c, true
	case c.n == chunkEvents:
		c = q.room()
		q.last.next, q.last = c, c
	}
	c.events[c.n] = e
	c.n++
	c.change(l, 1)
	q.change(l, 1)
	return empty
}

func (q *events) room() *chunk {
	c := q.spare
	if c == nil {
		return new(chunk)
	}
	q.spare, c.next = c.next, nil
	q.spares--
	return c
}

// dropOldest drops the oldest QoS0 delivery, if there is one.
func (q *events) dropOldest() bool {
	if q.cut == nil {
		q.cut, q.at = q.first, 0
	}
	for q.cut != nil {
		for ; q.at < q.cut.n; q.at++ {
			e := &q.cut.events[q.at]
			if e.msg == nil || e.msg.QoS != protocol.QoS0 {
				continue
			}
			l := loadOf(e.msg)
			q.cut.change(l, -1)
			q.change(l, -1)
			*e = event{}
			return true
		}
		if q.cut.next == nil {
			return false
		}
		q.cut, q.at = q.cut.next, 0
	}
	return false
}

// take returns the oldest events, nil if there is none.
func (q *events) take() *chunk {
	c := q.first
	if c == nil {
		return nil
	}
	if q.first = c.next; q.first == nil {
		q.last = nil
	}
	if q.cut == c {
		q.cut = nil
	}
	c.next = nil
	q.change(c.load, -1)
	return c
}

// giveBack keeps a cleared chunk for later.
func (q *events) giveBack(c *chunk) {
	if q.spares < spareChunks {
		c.next, q.spare = q.spare, c
		q.spares++
	}
}

func (c *chunk) clear() {
	clear(c.events[:c.n])
	c.n, c.load = 0, load{}
}
