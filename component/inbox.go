package component

import (
	"sync"
	"sync/atomic"

	"github.com/rembus-go/rembus/protocol"
)

// maxUnacked and maxUnackedBytes bound the QoS1/2 deliveries that wait; far
// beyond the window of any honest broker.
const (
	maxUnacked      = 1 << 16
	maxUnackedBytes = 4 << 30
)

// maxReleased is how many QoS2 ids one generation remembers.
const maxReleased = 1 << 15

// inbox holds the deliveries that wait for the one goroutine that runs the
// handlers of subscriptions. Pushing never waits, so that the reader always gets
// to ACKs and answers.
//
// QoS0 beyond the bound drops the oldest QoS0. QoS1/2 is never dropped: the
// broker's window bounds what it sends before an ACK, and a broker without one
// loses the connection.
type inbox struct {
	limit     int // bytes
	wake      chan struct{}
	stopped   atomic.Bool // no further handler begins
	dropped   atomic.Uint64
	unhandled atomic.Uint64

	mu       sync.Mutex // Protects following
	finished bool       // nothing more comes
	queue    []event
	head     int   // queue[:head] was taken
	cut      int   // no droppable QoS0 before it
	bytes    int   // of QoS0 in queue
	unacked  int   // QoS1/2 deliveries in queue
	held     int64 // their bytes
	lossy    bool  // dropped since the last take
	// seen holds the QoS1/2 ids that are queued or being handled, and those that
	// the broker may still send again, in two generations.
	seen, older map[protocol.ID]seen
}

// event is a delivery, or something else to do in order with deliveries. It is
// copied twice for each message, hence small.
type event struct {
	msg  *protocol.Message
	from *session // that msg came on
	do   *chore   // when msg is nil; nil if a delivery was dropped
}

// chore is what else is done in order with deliveries.
type chore struct {
	topic  string // was subscribed to: handle what waited for it
	expire bool   // discard what waited too long
	call   func()
}

// verdict is what became of a delivery.
type verdict uint8

const (
	queued   verdict = iota // or known to be queued already
	repeated                // handled already: it only wants its ACK again
	flooded                 // the broker respects no window
)

type seen uint8

const (
	waiting seen = iota + 1 // queued or being handled: a repeat is nothing new
	handled                 // a repeat only wants its ACK
)

func newInbox(limit int) *inbox {
	return &inbox{limit: limit, wake: make(chan struct{}, 1), seen: make(map[protocol.ID]seen)}
}

// push queues a delivery that came on s.
func (b *inbox) push(m *protocol.Message, s *session) verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.finished {
		return queued
	}
	size := m.Size()
	if m.QoS != protocol.QoS0 {
		switch max(b.seen[m.ID], b.older[m.ID]) {
		case waiting:
			return queued
		case handled:
			if m.QoS == protocol.QoS1 {
				delete(b.seen, m.ID)
				delete(b.older, m.ID)
			}
			return repeated
		}
		if b.unacked >= maxUnacked || b.held+int64(size) > maxUnackedBytes {
			return flooded
		}
		b.seen[m.ID] = waiting
		b.unacked++
		b.held += int64(size)
		b.add(event{msg: m, from: s})
		return queued
	}
	for b.bytes > 0 && b.bytes+size > b.limit {
		b.dropOldest()
	}
	b.bytes += size
	b.add(event{msg: m, from: s})
	return queued
}

// do runs fn on the handlers' goroutine, after the deliveries queued before.
func (b *inbox) do(fn func()) { b.put(chore{call: fn}) }

// put queues something else than a delivery.
func (b *inbox) put(do chore) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.finished {
		b.add(event{do: &do})
	}
}

func (b *inbox) add(e event) {
	b.queue = append(b.queue, e)
	if len(b.queue)-b.head == 1 {
		b.signal()
	}
}

func (b *inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// dropOldest drops the oldest QoS0 delivery; there is one while bytes is not 0.
func (b *inbox) dropOldest() {
	for b.cut = max(b.cut, b.head); b.cut < len(b.queue); b.cut++ {
		if m := b.queue[b.cut].msg; m != nil && m.QoS == protocol.QoS0 {
			b.queue[b.cut] = event{}
			b.bytes -= m.Size()
			b.dropped.Add(1)
			b.lossy = true
			return
		}
	}
}

// take moves waiting events into buf and says how many; lossy if QoS0 was
// dropped since the last take. It waits for the first one; 0 is the end.
func (b *inbox) take(buf []event) (n int, lossy bool) {
	for {
		b.mu.Lock()
		n = copy(buf, b.queue[b.head:])
		if n > 0 || b.finished {
			break
		}
		b.mu.Unlock()
		<-b.wake
	}
	defer b.mu.Unlock()
	for _, e := range buf[:n] {
		switch {
		case e.msg == nil:
		case e.msg.QoS == protocol.QoS0:
			b.bytes -= e.msg.Size()
		default:
			b.unacked--
			b.held -= int64(e.msg.Size())
		}
	}
	clear(b.queue[b.head : b.head+n])
	b.head += n
	if b.head == len(b.queue) || b.head > 1024 && b.head > len(b.queue)/2 {
		rest := copy(b.queue, b.queue[b.head:])
		clear(b.queue[rest:])
		if b.queue = b.queue[:rest]; rest == 0 && cap(b.queue) > maxSpare {
			b.queue = nil
		}
		b.cut, b.head = max(b.cut-b.head, 0), 0
	}
	lossy, b.lossy = b.lossy, false
	return n, lossy
}

// done says that the handler of m has run, before its ACK is sent. Without an
// ACK, since the connection that wants it has ended, the id is kept, so that the
// repeat on the next one is only acknowledged.
func (b *inbox) done(m *protocol.Message, acked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.older, m.ID)
	if m.QoS == protocol.QoS1 && acked {
		delete(b.seen, m.ID)
		return
	}
	b.seen[m.ID] = handled
	if len(b.seen) > maxReleased {
		b.older, b.seen = b.seen, make(map[protocol.ID]seen)
	}
}

// released is the broker's ACK2: it will not send the id again.
func (b *inbox) released(id protocol.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.seen, id)
	delete(b.older, id)
}

// forget drops all ids, for a broker that numbers anew.
func (b *inbox) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.seen)
	b.older = nil
}

// finish lets nothing more in; what waits is still taken.
func (b *inbox) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finished = true
	b.signal()
}

// stop discards what waits.
func (b *inbox) stop() {
	b.stopped.Store(true)
	b.mu.Lock()
	b.queue, b.head, b.cut, b.bytes, b.unacked, b.held = nil, 0, 0, 0, 0, 0
	b.mu.Unlock()
	b.finish()
}
