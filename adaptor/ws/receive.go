package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// Receive returns the next message. Anything but a *protocol.BadMessage ends
// the link; what the peer did wrong is told it in the close frame.
func (l *link) Receive() (*protocol.Message, error) {
	enc, frame, err := l.readFrame()
	if err != nil {
		return nil, l.fail(err)
	}
	m, err := l.codec.Decode(enc, frame)
	if err == nil {
		return m, nil
	}
	var bad *protocol.BadMessage
	if errors.As(err, &bad) {
		return nil, bad
	}
	return nil, l.fail(err)
}

// readFrame reads one whole WebSocket message into a slice of its own. The
// context has no end, which spares the WebSocket eight allocations a read: the
// link is ended by closing it.
func (l *link) readFrame() (protocol.Encoding, []byte, error) {
	typ, r, err := l.conn.Reader(context.Background())
	if err != nil {
		return 0, nil, err
	}
	buf := buffers.Get().(*[]byte)
	defer recycle(buf)
	if err := l.readInto(buf, r); err != nil {
		return 0, nil, err
	}
	l.resetBudget()
	enc := protocol.CBOR
	if typ == websocket.MessageText {
		enc = protocol.JSON
	}
	b := *buf
	if cap(b) > maxKeep && cap(b)-len(b) < cap(b)/4 {
		return enc, b, nil // recycle drops buffers of this size
	}
	frame := make([]byte, len(b))
	copy(frame, b)
	return enc, frame, nil
}

// readInto reads r to its end. The buffer grows with what has arrived.
func (l *link) readInto(buf *[]byte, r io.Reader) error {
	b := (*buf)[:0]
	defer func() { *buf = b }()
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b))
		}
		n, err := r.Read(b[len(b):min(cap(b), l.max+1)])
		b = b[:len(b)+n]
		switch {
		case len(b) > l.max:
			return &violation{websocket.StatusMessageTooBig, fmt.Sprintf("message longer than %d bytes", l.max)}
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// resetBudget allows the peer one more message, of any fragmentation, and
// control frames along with it. Frames without content never end otherwise.
func (l *link) resetBudget() {
	l.sock.budget.Store(2*int64(l.max) + 1<<20)
}

// raiseBudget allows for the pings and pongs of the time between two calls, so
// that a subscriber that sends nothing else may stay for years.
func (l *link) raiseBudget() {
	l.sock.budget.Add(4 << 10)
}

// fail ends the link because of what the receiver found, and returns what
// Receive returns.
func (l *link) fail(err error) error {
	if l.end.Load() == nil {
		l.finish(l.cause(err), true)
	}
	return l.closed()
}

// cause makes of an error that ended reading the reason that the link ended.
func (l *link) cause(err error) error {
	if failed := l.sock.failure(); failed != nil {
		return failed
	}
	var peer websocket.CloseError
	var broken *violation
	switch {
	case errors.As(err, &broken), errors.Is(err, protocol.ErrMalformed):
		return err
	case errors.As(err, &peer):
		return peerClosed(peer)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the peer hung up without a close frame")
	case errors.Is(err, errFlood):
		return &violation{websocket.StatusPolicyViolation, errFlood.Error()}
	}
	return framing(err)
}
