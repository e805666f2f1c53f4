package ws

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// link is a WebSocket as a protocol.Link.
type link struct {
	conn  *websocket.Conn
	sock  *socket
	codec *protocol.Codec
	log   *slog.Logger
	max   int    // bytes of one message
	name  string // for RemoteAddr

	component bool // this end is the component's: it masks what it sends
	batched   bool // binary messages are batches: Subprotocol

	// Owned by the receiving goroutine.
	read *[]byte // what the library read and is not yet handed out, from the pool; nil when nothing is
	rest []byte  // the messages of a batch that are still to come

	end   atomic.Pointer[ending] // why the link ended; the first to set it closes
	left  atomic.Int32           // Receive has ended, and Close was called
	alive *keepalive

	pingMu  sync.Mutex // protects following
	pinging *ping      // the ping under way
	seen    uint64     // data frames that the peer had read when it answered the last one
}

// ending is why a link ended. A nil error is a normal end.
type ending struct{ reason error }

// start makes l ready for use: its socket carries frames from now on, and it is
// pinged every interval, if that is positive.
func (l *link) start(interval time.Duration) *link {
	l.batched = l.conn.Subprotocol() == Subprotocol
	l.conn.SetReadLimit(int64(l.frameLimit()) + 1) // our own check comes first, and says the limit as it was set
	l.resetBudget()
	l.sock.frames()
	if interval > 0 {
		l.alive = &keepalive{link: l, interval: interval}
		l.alive.start()
	}
	return l
}

// frameLimit is the most bytes of one message of the WebSocket.
func (l *link) frameLimit() int {
	if l.batched {
		return batchHead + max(l.max, batchMax)
	}
	return l.max
}

func (l *link) RemoteAddr() string { return l.name }

// closed is the error of a link that has ended.
func (l *link) closed() error {
	if e := l.end.Load(); e != nil && e.reason != nil {
		return fmt.Errorf("%w: %w", protocol.ErrClosed, e.reason)
	}
	return protocol.ErrClosed
}

// finish ends the link with a close frame; only the first call counts. With
// linger, which only the receiver may ask for, it waits up to closeGrace for
// the peer to see the frame.
func (l *link) finish(reason error, linger bool) {
	if !l.end.CompareAndSwap(nil, &ending{reason}) {
		return
	}
	l.alive.stop()
	l.sock.bye()
	if linger {
		l.sock.SetReadDeadline(time.Now().Add(closeGrace))
	} else {
		l.sock.hold() // Close flushes; no goroutine needed
		l.sock.deaf.Store(true)
		l.sock.SetReadDeadline(longAgo)
	}
	code, text := closeStatus(reason)
	l.conn.Close(code, text)
}

// Close ends the link with a close frame. See closeStatus for the reasons. A peer that
// closed first gets its answer when Receive has ended too: it may then rely on it that
// nothing more is delivered to this connection, and come back with another.
func (l *link) Close(reason error) error {
	l.finish(reason, false)
	l.leave(closeCalled)
	return nil
}

const (
	receiveEnded = 1 << iota
	closeCalled
)

func (l *link) leave(why int32) {
	if l.left.Or(why)|why == receiveEnded|closeCalled {
		l.sock.leave()
	}
}

// Ping waits for a pong that arrives after the call.
func (l *link) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := l.ping()
	select {
	case <-p.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.err != nil {
		return l.closed()
	}
	return nil
}
