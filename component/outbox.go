package component

import (
	"context"
	"sync"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// maxSpare is how many places of a batch are kept for the next one.
const maxSpare = 1 << 14

// outbox holds what waits to be written and the QoS1/2 messages that wait for
// their ACK. It outlives connections: QoS0 messages stay until one takes them,
// QoS1/2 messages until they are acknowledged, requests and answers go with
// their connection.
type outbox struct {
	limit    int // bytes of queue, and of window
	failFull bool
	wake     chan struct{} // has an item when the writer should look

	mu       sync.Mutex // Protects following
	live     *session   // whose answers are taken; nil while disconnected
	started  bool       // its writer takes the queue; false during the login
	prompt   bool       // others may write in its stead: what was unacked has been sent again
	writing  bool       // a batch is being written
	closed   error      // set once: nothing more is taken
	refusing bool       // no new messages, answers still
	queue    []*protocol.Message
	bytes    int    // of queue
	pushed   uint64 // messages ever put into queue
	written  uint64 // messages ever taken out of it and done with
	flushes  []*flush
	room     chan struct{} // closed when room may be there; nil if nobody waits
	window   window
}

// flush waits until everything up to a point was written.
type flush struct {
	upto uint64
	done chan error
}

func newOutbox(o *options) *outbox {
	b := &outbox{limit: o.outbox, failFull: o.failFull, wake: make(chan struct{}, 1)}
	b.window.init(b, o.window, o.ack)
	return b
}

// push queues m, waiting for room until ctx ends. With s it is a request that
// belongs to that connection, without a QoS0 message.
func (b *outbox) push(ctx context.Context, m *protocol.Message, s *session) error {
	size := m.Size()
	for {
		b.mu.Lock()
		switch {
		case b.closed != nil:
			b.mu.Unlock()
			return b.closed
		case b.refusing:
			b.mu.Unlock()
			return ErrClosed
		case s != nil && b.live != s:
			b.mu.Unlock()
			return ErrConnectionLost
		case len(b.queue) == 0 || b.bytes+size <= b.limit:
			if s != nil {
				b.addNow(m, size, s.waiting(), s)
				return nil
			}
			b.append(m, size)
			b.mu.Unlock()
			return nil
		}
		if b.failFull && s == nil {
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

// answer queues an answer to the broker without waiting for room: what asks for
// answers is bounded elsewhere. With s it goes only to that connection.
func (b *outbox) answer(m *protocol.Message, s *session) {
	b.mu.Lock()
	if b.closed == nil && b.live != nil && (s == nil || b.live == s) {
		b.append(m, m.Size())
	}
	b.mu.Unlock()
}

// answerNow is answer to one of crowd calls that are being served, sent at once where
// it can be.
func (b *outbox) answerNow(m *protocol.Message, crowd int, s *session) {
	b.mu.Lock()
	if b.closed != nil || b.live != s {
		b.mu.Unlock()
		return
	}
	b.addNow(m, m.Size(), crowd, s)
}

// append is called with mu held.
func (b *outbox) append(m *protocol.Message, size int) {
	b.queue = append(b.queue, m)
	b.bytes += size
	b.pushed++
	if len(b.queue) == 1 && !b.writing { // else wrote will
		b.signal()
	}
}

// signal makes the writer look.
func (b *outbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// promptBytes bounds what is written without the writer.
const promptBytes = 16 << 10

// fewCalls is up to how many calls under way each message of one is written at once.
// With more the writer finds several at a time, which costs less.
const fewCalls = 2

// addNow queues m, of one of crowd calls, and writes it, if nothing else waits and the
// connection takes it at once: else that is the writer's. Called with mu held, which it
// gives up.
func (b *outbox) addNow(m *protocol.Message, size, crowd int, s *session) {
	if crowd > fewCalls || len(b.queue) > 0 || b.writing || !b.prompt || size > promptBytes || s.prompt == nil || !s.prompt.Idle() {
		b.append(m, size)
		b.mu.Unlock()
		return
	}
	b.pushed++
	b.writing = true
	b.mu.Unlock()
	batch := singles.Get().(*[1]*protocol.Message)
	batch[0] = m
	err := s.send(batch[:], s.prompt.SendNow)
	b.wrote(1, err)
	if err != nil {
		s.fail(err)
	}
	batch[0] = nil
	singles.Put(batch)
}

// singles are the scratch of addNow.
var singles = sync.Pool{New: func() any { return new([1]*protocol.Message) }}

// waiting returns what is closed when it is worth looking for room again;
// called with mu held.
func (b *outbox) waiting() <-chan struct{} {
	if b.room == nil {
		b.room = make(chan struct{})
	}
	return b.room
}

// freed wakes who waits for room; called with mu held.
func (b *outbox) freed() {
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// write is the writer of one connection: everything queued goes out behind one
// flush, after the unacked messages. It returns when the connection has ended.
func (b *outbox) write(s *session, unacked []*protocol.Message) {
	if len(unacked) > 0 {
		if err := s.send(unacked, s.link.Send); err != nil {
			s.fail(err)
			return
		}
	}
	b.mu.Lock()
	b.prompt = b.live == s
	b.mu.Unlock()
	var batch []*protocol.Message
	for {
		n := 0
		if batch, n = b.take(s, batch); n == 0 {
			select {
			case <-b.wake:
				continue
			case <-s.ended:
				return
			}
		}
		var err error
		if len(batch) > 0 {
			err = s.send(batch, s.link.Send)
		}
		b.wrote(n, err)
		if err != nil {
			s.fail(err)
			return
		}
		if s.copies {
			free(batch)
		}
	}
}

// free gives back the messages that are needed no longer once they are written.
func free(batch []*protocol.Message) {
	for i, m := range batch {
		if m.Type == protocol.Pub && m.QoS == protocol.QoS0 {
			batch[i] = nil
			m.Release()
		}
	}
}

// open lets answers on a new connection in: deliveries and calls may come while
// it is still logging in.
func (b *outbox) open(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = s
}

// start comes before the connection's writer and returns what that has to send
// first: the unacknowledged messages in the order of publishing.
func (b *outbox) start() []*protocol.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started = true
	if len(b.queue) > 0 {
		b.signal()
	}
	return b.window.resend(time.Now())
}

// stop takes the outbox from the connection and drops what belonged to it.
func (b *outbox) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live, b.started, b.prompt = nil, false, false
	for i, m := range b.queue {
		if m != nil && (m.Type != protocol.Pub || m.QoS != protocol.QoS0) {
			b.queue[i] = nil // keeps its place, so that flushes still count right
			b.bytes -= m.Size()
		}
	}
	b.freed()
}

// take returns everything queued, in the slice of the batch before, and how many places
// of the queue that was; nothing when the connection has lost the outbox.
func (b *outbox) take(s *session, last []*protocol.Message) (batch []*protocol.Message, n int) {
	clear(last)
	if cap(last) > maxSpare {
		last = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live != s || b.writing || len(b.queue) == 0 {
		return nil, 0
	}
	b.writing = true
	batch, b.queue, b.bytes = b.queue, last[:0], 0
	b.freed()
	n = len(batch)
	kept := batch[:0]
	for _, m := range batch {
		if m != nil {
			kept = append(kept, m)
		}
	}
	clear(batch[len(kept):])
	return kept, n
}

// wrote counts a batch as written, or as lost with err.
func (b *outbox) wrote(n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.written += uint64(n)
	b.writing = false
	if len(b.queue) > 0 {
		b.signal()
	}
	if err != nil {
		err = lost(err)
	}
	rest := b.flushes[:0]
	for _, f := range b.flushes {
		if f.upto > b.written {
			rest = append(rest, f)
		} else {
			f.done <- err
		}
	}
	b.flushes = rest
}

// flush waits until everything queued so far is written and everything of
// QoS1/2 acknowledged or failed; stop ends it early.
func (b *outbox) flush(ctx context.Context, stop <-chan struct{}) error {
	b.mu.Lock()
	if b.closed != nil {
		b.mu.Unlock()
		return b.closed
	}
	f := &flush{upto: b.pushed, done: make(chan error, 1)}
	if b.written >= f.upto {
		f.done <- nil
	} else {
		b.flushes = append(b.flushes, f)
	}
	inFlight := b.window.futures()
	b.mu.Unlock()
	select {
	case err := <-f.done:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ended(ctx)
	case <-stop:
		return ErrConnectionLost
	}
	for _, fut := range inFlight {
		select {
		case <-fut.done:
		case <-ctx.Done():
			return ended(ctx)
		case <-stop:
			return ErrConnectionLost
		}
	}
	return nil
}

// refuse lets nothing new in but answers.
func (b *outbox) refuse() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusing = true
	b.freed()
}

// close ends everything that waits with err and returns how many messages were
// not sent or not acknowledged.
func (b *outbox) close(err error) (unsent int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = err
	for _, m := range b.queue {
		if m != nil && m.Type == protocol.Pub && m.QoS == protocol.QoS0 {
			unsent++
		}
	}
	unsent += b.window.failAll(err)
	b.queue, b.bytes = nil, 0
	for _, f := range b.flushes {
		f.done <- err
	}
	b.flushes = nil
	b.freed()
	return unsent
}
