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
	queue    events
	lossy    bool // dropped since the last take
	// seen holds the QoS1/2 ids that are queued or being handled, and those that
	// the broker may still send again, in two generations.
	seen, older map[protocol.ID]seen
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
	l := loadOf(m)
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
		if b.queue.unacked >= maxUnacked || b.queue.held+l.held > maxUnackedBytes {
			return flooded
		}
		b.seen[m.ID] = waiting
	}
	for l.bytes > 0 && b.queue.bytes+l.bytes > b.limit && b.queue.dropOldest() {
		b.dropped.Add(1)
		b.lossy = true
	}
	b.add(event{msg: m, from: s}, l)
	return queued
}

// do runs fn on the handlers' goroutine, after the deliveries queued before.
func (b *inbox) do(fn func()) { b.put(chore{call: fn}) }

// put queues something else than a delivery.
func (b *inbox) put(do chore) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.finished {
		b.add(event{do: &do}, load{})
	}
}

func (b *inbox) add(e event, l load) {
	if b.queue.add(e, l) {
		b.signal()
	}
}

func (b *inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take gives back what was taken last, nil at first, and returns what waited longest;
// lossy if QoS0 was dropped since the last take. It waits for the first; nil is the end.
func (b *inbox) take(last *chunk) (c *chunk, lossy bool) {
	if last != nil {
		last.clear()
	}
	for {
		b.mu.Lock()
		if last != nil {
			b.queue.giveBack(last)
			last = nil
		}
		if c = b.queue.take(); c != nil || b.finished {
			break
		}
		b.mu.Unlock()
		<-b.wake
	}
	defer b.mu.Unlock()
	lossy, b.lossy = b.lossy, false
	return c, lossy
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
	b.queue = events{}
	b.mu.Unlock()
	b.finish()
}
