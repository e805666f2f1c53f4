package ws

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// Receive returns the next message. Anything but a *protocol.BadMessage ends
// the link; what the peer did wrong is told it in the close frame.
func (l *link) Receive() (*protocol.Message, error) {
	enc, frame, err := l.next()
	if err != nil {
		return nil, l.fail(err)
	}
	m, err := l.decode(enc, frame)
	if len(l.rest) == 0 && l.read != nil {
		recycle(l.read)
		l.read = nil
	}
	if err == nil {
		return m, nil
	}
	var bad *protocol.BadMessage
	if errors.As(err, &bad) {
		return nil, bad
	}
	return nil, l.fail(err)
}

// Buffered reports whether messages of a batch are still to come:
// protocol.Buffered.
func (l *link) Buffered() bool {
	return len(l.rest) > 0 || l.sock.buffered(!l.component, l.frameLimit())
}

// next returns the frame of the next message. What follows it in a batch is in
// l.rest.
func (l *link) next() (enc protocol.Encoding, frame []byte, err error) {
	if l.end.Load() != nil {
		return 0, nil, protocol.ErrClosed
	}
	if len(l.rest) == 0 {
		if enc, frame, err = l.whole(); err != nil {
			return 0, nil, err
		}
		if enc == protocol.JSON || !l.batched {
			return enc, frame, nil
		}
		if l.rest = frame; len(frame) == 0 {
			return 0, nil, errEmptyBatch
		}
	}
	frame, l.rest, err = splitBatch(l.rest, l.max)
	return protocol.CBOR, frame, err
}

// whole returns the next whole message of the WebSocket.
func (l *link) whole() (protocol.Encoding, []byte, error) {
	if op, payload, ok := l.sock.frame(!l.component, l.frameLimit()); ok {
		l.resetBudget()
		if op == opText {
			return protocol.JSON, payload, nil
		}
		return protocol.CBOR, payload, nil
	}
	enc, err := l.readWhole()
	if err != nil {
		return 0, nil, err
	}
	return enc, *l.read, nil
}

// readWhole lets the library read one whole message of the WebSocket into l.read. The context has
// no end, which spares the WebSocket eight allocations a read: the link is ended
// by closing it.
func (l *link) readWhole() (protocol.Encoding, error) {
	typ, r, err := l.conn.Reader(context.Background())
	if err != nil {
		return 0, err
	}
	l.read = buffers.Get().(*[]byte)
	if err := l.readInto(l.read, r); err != nil {
		return 0, err
	}
	l.resetBudget()
	if typ == websocket.MessageText {
		return protocol.JSON, nil
	}
	return protocol.CBOR, nil
}

// decode makes a message of the frame: of a copy, since a message that is kept
// would else keep all of l.read, unless that is too large for the pool and the frame
// about all of it.
func (l *link) decode(enc protocol.Encoding, frame []byte) (*protocol.Message, error) {
	if l.read != nil {
		if n := cap(*l.read); n > maxKeep && n-len(frame) < n/4 {
			return l.codec.Decode(enc, frame)
		}
	}
	return l.codec.DecodeCopy(enc, frame)
}

// readInto reads r to its end. The buffer grows with what has arrived, up to maxKeep; a
// longer message comes in parts, which are put together when all are there.
func (l *link) readInto(buf *[]byte, r io.Reader) error {
	b, limit := (*buf)[:0], l.frameLimit()
	var p parts
	defer func() { *buf = b }()
	for {
		if len(b) == cap(b) {
			if len(b) < maxKeep {
				b = slices.Grow(b, len(b))
			} else {
				b = p.next(b)
			}
		}
		n, err := r.Read(b[len(b):min(cap(b), limit+1-p.size)])
		b = b[:len(b)+n]
		switch {
		case p.size+len(b) > limit:
			return tooBig(l.max)
		case err == io.EOF:
			b = p.join(b)
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
	l.leave(receiveEnded)
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
