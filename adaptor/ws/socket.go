package ws

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	closeGrace  = 250 * time.Millisecond // for the last bytes of a connection that ends
	flushAt     = 32 << 10               // a batch is written in pieces of about this size
	fragment    = 64 << 10               // longer messages are sent in frames of this size
	writeSize   = 64 << 10               // what must go out within one write timeout
	maxKeep     = 128 << 10              // larger buffers are not kept for reuse
	pongBacklog = 4 << 10                // above this much waits behind a stuck flush, pings go unanswered
)

// longAgo is a deadline that makes reads fail at once.
var longAgo = time.Unix(1, 0)

var errFlood = errors.New("too many bytes without a message")

// socket is the connection below one WebSocket. During the handshake it passes
// everything through; from frames on Write only queues, see the package
// comment. Safe for concurrent use.
type socket struct {
	net.Conn               // TLS, if any, is inside
	raw      net.Conn      // the TCP connection
	timeout  time.Duration // for a write without progress
	onClose  func()        // called once; may be nil

	quick   bool        // frames are taken out of the stream: see incoming.go
	deaf    atomic.Bool // whoever still reads gets nothing
	in      incoming
	answers bool // this end dials: what it reads first is the answer of an HTTP server
	ends    int  // how much of the blank line that ends such an answer was read

	reads  atomic.Uint64 // Reads begun and ended: odd while one waits
	sent   atomic.Int64  // bytes that were written
	budget atomic.Int64  // bytes that may still arrive before the next message; enforced from frames on

	mu       sync.Mutex // protects following
	idle     sync.Cond  // flushing became false
	framing  bool       // the handshake is done
	held     bool       // a batch is being composed, its sender will flush
	flushing bool       // one goroutine writes, and goes on until the queue is empty
	said     bool       // the close frame is queued: nothing may follow it
	ours     bool       // this end closes first
	parked   bool       // the answer to the peer's close frame waits for leave
	closing  bool       // no more writes; the last flush closes the connection
	queue    *[]byte    // not yet written; nil when empty
	data     uint64     // data frames that were queued
	guard    *time.Timer
	err      error // the first failure of a write
	direct   direct
}

func newSocket(conn, raw net.Conn, timeout time.Duration) *socket {
	s := &socket{Conn: conn, raw: raw, timeout: timeout}
	s.idle.L = &s.mu
	if conn == raw { // TLS would have to keep what was not written
		s.direct.open(raw)
	}
	return s
}

// frames ends the handshake: from now on writes are queued.
func (s *socket) frames() {
	s.mu.Lock()
	s.framing = true
	s.mu.Unlock()
	s.quick = s.direct.works()
}

// Read is for the handshake, then for the WebSocket library.
func (s *socket) Read(p []byte) (int, error) {
	if s.deaf.Load() {
		return 0, net.ErrClosed
	}
	if s.quick {
		return s.readFrame(p)
	}
	if b := s.in.unread(); len(b) > 0 {
		n := copy(p, b)
		s.in.head += n
		return n, nil
	}
	n, err := s.readConn(p)
	if s.answers && s.direct.works() {
		n = s.keepBehindAnswer(p[:n])
	}
	return n, err
}

// keepBehindAnswer returns how much of p belongs to the answer of the HTTP server. What
// follows is kept: it is frames, which net/http would hold on to.
func (s *socket) keepBehindAnswer(p []byte) int {
	const blank = "\r\n\r\n"
	for i, c := range p {
		switch {
		case s.ends == len(blank):
			s.in.add(p[i:])
			return i
		case c == blank[s.ends]:
			s.ends++
		case c == '\r':
			s.ends = 1
		default:
			s.ends = 0
		}
	}
	return len(p)
}

// readConn counts what arrives, for the budget and as a sign of life.
func (s *socket) readConn(p []byte) (int, error) {
	s.reads.Add(1)
	n, err := s.Conn.Read(p)
	s.reads.Add(1)
	if s.budget.Add(int64(-n)) < 0 && s.inFrames() {
		return 0, errFlood
	}
	return n, err
}

func (s *socket) inFrames() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.framing
}

// Write queues what the WebSocket writes, which from frames on is one control
// frame at a time.
func (s *socket) Write(p []byte) (int, error) {
	s.mu.Lock()
	if !s.framing {
		s.mu.Unlock()
		s.ends = 0 // another answer will come
		return s.Conn.Write(p)
	}
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return 0, err
	}
	*s.queue = append(*s.queue, p...)
	if p[0]&0xf == opClose {
		s.said, s.parked = true, !s.ours
	}
	if !s.held && !s.flushing && !s.parked {
		s.drainSoon()
	}
	return len(p), nil
}

// drainSoon lets a goroutine drain. Called with mu held.
func (s *socket) drainSoon() {
	s.flushing = true // before the goroutine runs, so that Close leaves the rest to it
	go func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drain()
	}()
}

// writeFrame queues a data frame. The sender must hold the socket and release
// it in the end.
func (s *socket) writeFrame(first byte, masked bool, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return err
	}
	*s.queue = appendFrame(*s.queue, first, masked, payload)
	s.data++
	return nil
}

// open fails if nothing more may be written. Else there is a queue.
func (s *socket) open() error {
	if s.err != nil {
		return s.err
	}
	if s.closing || s.said {
		return net.ErrClosed
	}
	if s.queue == nil {
		s.queue = buffers.Get().(*[]byte)
	}
	return nil
}

// hold keeps what is written in the queue until release.
func (s *socket) hold() {
	s.mu.Lock()
	s.held = true
	s.mu.Unlock()
}

// flush returns when all that was queued is written.
func (s *socket) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushLocked()
}

// release ends hold and flushes.
func (s *socket) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
	return s.flushLocked()
}

func (s *socket) flushLocked() error {
	for s.flushing {
		s.idle.Wait()
	}
	if s.closing || s.parked {
		return net.ErrClosed
	}
	s.drain()
	return s.err
}

// idleNow reports whether releaseNow would write at once.
func (s *socket) idleNow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.direct.works() && !s.flushing && s.queue == nil && s.err == nil
}

// releaseNow ends hold and writes what the connection takes without waiting; a
// goroutine writes the rest.
func (s *socket) releaseNow() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
	if s.closing || s.parked {
		return net.ErrClosed
	}
	if s.queue == nil || s.flushing || s.err != nil {
		return s.err
	}
	out := s.queue
	n, err := s.direct.write(*out)
	s.sent.Add(int64(n))
	switch {
	case err != nil:
		s.err = err
		s.raw.Close()
	case n == len(*out):
		s.queue = nil
		recycle(out)
	default:
		*out = append((*out)[:0], (*out)[n:]...)
		s.drainSoon()
	}
	return err
}

// drain writes until the queue is empty, and closes the connection if that was
// asked for meanwhile. Called with mu held, which it gives up while it writes.
func (s *socket) drain() {
	s.flushing = true
	for s.queue != nil && s.err == nil && !s.parked {
		out := s.queue
		s.queue = nil
		s.mu.Unlock()
		err := s.writeAll(*out)
		recycle(out)
		s.mu.Lock()
		if err != nil {
			s.err = err
			s.raw.Close() // so that the reader learns of it too
		}
	}
	s.flushing = false
	s.idle.Broadcast()
	if s.closing && !s.parked {
		s.Conn.Close()
		s.guard.Stop()
	}
}

// writeAll writes p. It fails when the peer took nothing for the timeout.
func (s *socket) writeAll(p []byte) error {
	for len(p) > 0 {
		s.Conn.SetWriteDeadline(time.Now().Add(s.timeout))
		n, err := s.Conn.Write(p[:min(len(p), writeSize)])
		s.sent.Add(int64(n))
		p = p[n:]
		if err == nil || n > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			continue // slow is not dead; under TLS the next Write fails, as it must
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("the peer took nothing for %v", s.timeout)
		}
		return err
	}
	return nil
}

// bye says that this end closes, unless the peer did so before.
func (s *socket) bye() {
	s.mu.Lock()
	s.ours = !s.said
	s.mu.Unlock()
}

// leave lets the answer to the peer's close frame go out.
func (s *socket) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parked {
		s.parked = false
		s.finishLocked()
	}
}

// Close writes what is queued, unless a flush is under way that will do so,
// and closes the connection within closeGrace; what is parked waits for leave. Waiting
// Reads fail at once.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return net.ErrClosed
	}
	s.closing = true
	if s.onClose != nil {
		s.onClose()
	}
	s.Conn.SetReadDeadline(longAgo)
	if !s.parked {
		s.finishLocked()
	}
	return nil
}

func (s *socket) finishLocked() {
	if s.closing {
		s.guard = time.AfterFunc(closeGrace, func() { s.raw.Close() })
	}
	if !s.flushing {
		s.drain()
	}
}

// answersPing reports whether there is room for a pong. A peer that sends
// pings but reads nothing must not fill our memory.
func (s *socket) answersPing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.flushing || s.queue == nil || len(*s.queue) < pongBacklog
}

// writing reports that a flush is under way.
func (s *socket) writing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushing
}

// dataFrames is how many data frames were queued so far.
func (s *socket) dataFrames() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// taken is how many bytes the peer's system has acknowledged, and whether these are all.
// Where the own system does not tell, nothing is known to be taken.
func (s *socket) taken() (n int64, all bool) {
	sent := s.sent.Load()
	left, ok := untaken(s.raw)
	if !ok {
		return 0, false
	}
	return sent - left, left == 0
}

// failure is why writing ended, nil if it did not.
func (s *socket) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
