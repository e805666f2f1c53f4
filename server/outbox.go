package server

import (
	"sync"
	"sync/atomic"

	"github.com/rembus-go/rembus/protocol"
)

// lane says how urgent and how dispensable a queued message is.
type lane int

const (
	laneUrgent lane = iota // ACK, RESPONSE: never dropped, before all else
	laneSure               // QoS1/2 deliveries and calls: never dropped here. ACK2 never overtakes them.
	laneLossy              // QoS0 deliveries
	lanes
)

// A batch handed to Link.Send holds at most so much, so that urgent messages
// wait for no more than one batch.
const (
	batchMessages = 4096
	batchBytes    = 1 << 20
)

// smallAnswer is what an answer may have, in bytes, even when there is no room.
const smallAnswer = 4 << 10

// budget is what all outboxes together hold.
type budget struct {
	limit int64
	used  atomic.Int64
	boxes atomic.Int64
}

// crowded reports whether an outbox with n bytes queued has more than its share
// while the budget is used up.
func (b *budget) crowded(n int) bool {
	return b.used.Load() > b.limit && int64(n) > b.limit/(b.boxes.Load()+1)
}

// fifo is one lane: a slice with a moving head.
type fifo struct {
	items []*protocol.Message
	head  int
}

func (q *fifo) len() int { return len(q.items) - q.head }

func (q *fifo) push(m *protocol.Message) {
	if q.head > 64 && q.head*2 > len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, m)
}

func (q *fifo) pop() *protocol.Message {
	m := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > batchMessages {
			q.items = nil // a burst must not be kept for ever
		}
	}
	return m
}

// outbox is the bounded queue of one connection, between all who send to it and
// its one writer. Its lock is a leaf: nothing else is locked under it.
type outbox struct {
	limit  int
	budget *budget

	mu      sync.Mutex // protects following
	wake    sync.Cond  // the writer waits for messages
	eased   sync.Cond  // waitUrgent waits for fewer answers
	queue   [lanes]fifo
	bytes   int  // queued
	flying  int  // bytes of the batch that is being written
	urgent  int  // bytes of answers, queued or being written
	refused bool // since the last batch: somebody waits for room
	sending bool // a batch is being written
	closed  bool
}

func (o *outbox) init(limit int, b *budget) {
	o.limit, o.budget = limit, b
	o.wake.L, o.eased.L = &o.mu, &o.mu
	b.boxes.Add(1)
}

// push queues m if there is room; an empty outbox takes a message of any size.
// Answers have always room: see waitUrgent.
func (o *outbox) push(m *protocol.Message, l lane) bool {
	size := m.Size()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	if !isUrgent(m) && !o.roomLocked(size) {
		o.refused = true
		return false
	}
	o.addLocked(m, l, size)
	return true
}

// pushQuietly is push without waking the writer: sendNow or wakeUp has to follow.
func (o *outbox) pushQuietly(m *protocol.Message, l lane) bool {
	size := m.Size()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || !o.roomLocked(size) {
		return false
	}
	o.enqueue(m, l, size)
	return true
}

// wakeUp tells the writer of what was pushed quietly.
func (o *outbox) wakeUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wake.Signal()
}

// pushAnswer queues a RESPONSE, quietly if asked. One with much data is refused while others wait and
// the common budget is used up: the calls of one component may bring any amount, and
// waitUrgent stops only those that it has not made yet.
func (o *outbox) pushAnswer(m *protocol.Message, quietly bool) bool {
	size := m.Size()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true // nobody is there to be told
	}
	if size > smallAnswer && o.urgent > 0 && o.budget.crowded(o.bytes+o.flying) {
		return false
	}
	o.enqueue(m, laneUrgent, size)
	if !quietly {
		o.wake.Signal()
	}
	return true
}

// pushAll queues all of the messages, or none.
func (o *outbox) pushAll(ms []*protocol.Message, l lane) bool {
	size := 0
	for _, m := range ms {
		size += m.Size()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	if !o.roomLocked(size) {
		o.refused = true
		return false
	}
	for _, m := range ms {
		o.addLocked(m, l, m.Size())
	}
	return true
}

// pushDropping queues a QoS0 message and drops the oldest ones of that class
// for it where needed. It reports how many were lost, m included.
func (o *outbox) pushDropping(m *protocol.Message) (lost int) {
	size := m.Size()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0
	}
	for !o.roomLocked(size) {
		if o.queue[laneLossy].len() == 0 {
			return lost + 1
		}
		old := o.queue[laneLossy].pop()
		o.charge(-old.Size())
		old.Release()
		lost++
	}
	o.addLocked(m, laneLossy, size)
	return lost
}

func (o *outbox) roomLocked(size int) bool {
	return o.bytes == 0 || o.bytes+size <= o.limit && !o.budget.crowded(o.bytes)
}

func (o *outbox) addLocked(m *protocol.Message, l lane, size int) {
	o.enqueue(m, l, size)
	o.wake.Signal()
}

func (o *outbox) enqueue(m *protocol.Message, l lane, size int) {
	m.Retain()
	o.charge(size)
	if isUrgent(m) {
		o.urgent += size
	}
	o.queue[l].push(m)
}

func (o *outbox) charge(n int) {
	o.bytes += n
	o.budget.used.Add(int64(n))
}

// take waits for messages and appends a batch of them to dst, the urgent ones
// first; ok is false once the outbox is closed and nothing is left to send.
func (o *outbox) take(dst []*protocol.Message) (batch []*protocol.Message, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.sending || o.emptyLocked() {
		if o.closed && !o.sending {
			return dst, false
		}
		o.wake.Wait()
	}
	return o.takeLocked(dst), true
}

// promptMessages and promptBytes bound what is sent without the writer.
const (
	promptMessages = 16
	promptBytes    = 32 << 10
)

// takeNow is take for who sends at once, in the writer's stead. It appends nothing
// when that is at work, when too much is queued, which wakes the writer, or nothing.
func (o *outbox) takeNow(dst []*protocol.Message) []*protocol.Message {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for l := range o.queue {
		n += o.queue[l].len()
	}
	if o.sending || n == 0 {
		return dst
	}
	if n > cap(dst) || o.bytes > promptBytes {
		o.wake.Signal()
		return dst
	}
	return o.takeLocked(dst)
}

// takeLocked moves a batch of what is queued to dst: it is being sent from now on.
func (o *outbox) takeLocked(dst []*protocol.Message) []*protocol.Message {
	size := 0
	for l := range o.queue {
		q := &o.queue[l]
		for q.len() > 0 && len(dst) < batchMessages && size < batchBytes {
			m := q.pop()
			size += m.Size()
			dst = append(dst, m)
		}
	}
	o.bytes -= size
	o.flying = size
	o.sending = true
	return dst
}

// sent gives back the room of a batch that take returned and reports whether
// somebody had found none since the last time.
func (o *outbox) sent(batch []*protocol.Message) (awaited bool) {
	urgent := 0
	for _, m := range batch {
		if isUrgent(m) {
			urgent += m.Size()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.budget.used.Add(-int64(o.flying))
	o.flying = 0
	o.sending = false
	if o.closed || !o.emptyLocked() {
		o.wake.Signal() // it may be another goroutine's turn
	}
	o.urgent -= urgent
	o.eased.Broadcast()
	awaited, o.refused = o.refused, false
	return awaited
}

func isUrgent(m *protocol.Message) bool {
	return m.Type == protocol.Ack || m.Type == protocol.Ack2 || m.Type == protocol.Response
}

// waitUrgent blocks while so many answers are queued that their asker must
// first read some: the reading of its requests stops meanwhile.
func (o *outbox) waitUrgent() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.urgent > o.limit && !o.closed {
		o.eased.Wait()
	}
}

// waitEmpty blocks until everything pushed has been written or dropped.
func (o *outbox) waitEmpty() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.bytes+o.flying > 0 {
		o.eased.Wait()
	}
}

func (o *outbox) emptyLocked() bool {
	for l := range o.queue {
		if o.queue[l].len() > 0 {
			return false
		}
	}
	return true
}

// close ends the outbox. What is queued is still handed to the writer unless
// drop is set.
func (o *outbox) close(drop bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if drop {
		for l := range o.queue {
			for o.queue[l].len() > 0 {
				o.charge(-o.queue[l].pop().Size())
			}
		}
	}
	if !o.closed {
		o.closed = true
		o.budget.boxes.Add(-1)
	}
	o.wake.Broadcast()
	o.eased.Broadcast()
}
