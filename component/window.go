package component

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// window holds the QoS1/2 messages that are published and not yet
// acknowledged, in order. All of it is under the outbox's lock.
type window struct {
	out   *outbox
	limit int
	ack   time.Duration

	byID        map[uint64]*Future
	first, last *Future // by prev and next, in order of publishing
	bytes       int
	serial      uint32      // high half of the next id
	timer       *time.Timer // of the oldest message; nil when none is needed
}

func (w *window) init(out *outbox, limit int, ack time.Duration) {
	w.out, w.limit, w.ack = out, limit, ack
	w.byID = make(map[uint64]*Future)
	w.serial = rand.Uint32()
}

// nextID returns an id that was not used for a long time. The high half counts,
// so that two messages of one slot differ however many there are; it stays
// below 2^53 for the sake of JSON. Low is the slot if there is one.
func (w *window) nextID(m *protocol.Message) uint64 {
	low := m.Slot
	if !m.HasSlot {
		low = rand.Uint32()
	}
	for {
		w.serial++
		id := uint64(w.serial&(1<<21-1))<<32 | uint64(low)
		if id>>32 != 0 && w.byID[id] == nil {
			return id
		}
	}
}

// publish puts m under a new id into the window and, when connected, into the
// queue, waiting for room until ctx ends.
func (b *outbox) publish(ctx context.Context, m *protocol.Message, f *Future) error {
	size := m.Size()
	w := &b.window
	for {
		b.mu.Lock()
		switch {
		case b.closed != nil:
			b.mu.Unlock()
			return b.closed
		case b.refusing:
			b.mu.Unlock()
			return ErrClosed
		case len(w.byID) == 0 || len(w.byID) < w.limit && w.bytes+size <= b.limit:
			w.add(m, f)
			if b.started {
				b.append(m, size)
			}
			b.mu.Unlock()
			return nil
		}
		if b.failFull {
			b.mu.Unlock()
			return ErrFull
		}
		room := b.waiting()
		b.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ended(ctx)
		}
	}
}

func (w *window) add(m *protocol.Message, f *Future) {
	f.id, f.msg, f.sent = w.nextID(m), m, time.Now()
	m.ID = protocol.NumberID(f.id)
	w.byID[f.id] = f
	w.bytes += m.Size()
	if f.prev = w.last; f.prev == nil {
		w.first = f
	} else {
		f.prev.next = f
	}
	w.last = f
	if w.timer == nil {
		w.timer = time.AfterFunc(w.ack, w.expire)
	}
}

// remove takes f out and gives it its outcome.
func (w *window) remove(f *Future, err error) {
	delete(w.byID, f.id)
	w.bytes -= f.msg.Size()
	if f.prev == nil {
		w.first = f.next
	} else {
		f.prev.next = f.next
	}
	if f.next == nil {
		w.last = f.prev
	} else {
		f.next.prev = f.prev
	}
	f.prev, f.next, f.msg = nil, nil, nil
	f.err = err
	close(f.done)
	w.out.freed()
}

// acked is the ACK of the broker: the message is the broker's now. For QoS2 the
// ACK2 says that the id will not come again.
func (b *outbox) acked(id protocol.ID) {
	n, ok := id.Number()
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.window.byID[n]
	if f == nil {
		return
	}
	if f.msg.QoS == protocol.QoS2 && b.live != nil {
		ack2 := protocol.NewAck2(id)
		b.append(ack2, ack2.Size())
	}
	b.window.remove(f, nil)
}

// refused is an error answer to a published message; false if there is none of
// that id.
func (b *outbox) refused(id protocol.ID, err error) bool {
	n, ok := id.Number()
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.window.byID[n]
	if !ok || f == nil {
		return false
	}
	b.window.remove(f, err)
	return true
}

// resend returns all messages in order, for a new connection.
func (w *window) resend(now time.Time) []*protocol.Message {
	batch := make([]*protocol.Message, 0, len(w.byID))
	for f := w.first; f != nil; f = f.next {
		f.sent = now
		batch = append(batch, f.msg)
	}
	return batch
}

func (w *window) futures() []*Future {
	all := make([]*Future, 0, len(w.byID))
	for f := w.first; f != nil; f = f.next {
		all = append(all, f)
	}
	return all
}

// expire fails the messages that had no ACK for too long. While there is no
// connection it only looks again later.
func (w *window) expire() {
	w.out.mu.Lock()
	defer w.out.mu.Unlock()
	if w.timer == nil {
		return // closed meanwhile
	}
	now := time.Now()
	for f := w.first; f != nil && w.out.started; f = w.first {
		if left := w.ack - now.Sub(f.sent); left > 0 {
			w.timer.Reset(left)
			return
		}
		w.remove(f, fmt.Errorf("%w: no ACK for %v", ErrTimeout, w.ack))
	}
	if w.first != nil {
		w.timer.Reset(w.ack)
	} else {
		w.timer = nil
	}
}

// failAll gives every message err as its outcome.
func (w *window) failAll(err error) (n int) {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	for ; w.first != nil; n++ {
		w.remove(w.first, err)
	}
	return n
}
