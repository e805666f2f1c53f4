package ws

import (
	"bytes"
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

// readFrame returns the next frame in a slice of its own, either the next message
// of a batch or a whole WebSocket message. The
// context has no end, which spares the WebSocket eight allocations a read: the
// link is ended by closing it.
func (l *link) readFrame() (protocol.Encoding, []byte, error) {
	if l.batch != nil {
		frame, err := l.nextOfBatch()
		return protocol.CBOR, frame, err
	}
	typ, r, err := l.conn.Reader(context.Background())
	if err != nil {
		return 0, nil, err
	}
	buf := buffers.Get().(*[]byte)
	if err := l.readInto(buf, r); err != nil {
		recycle(buf)
		return 0, nil, err
	}
	l.resetBudget()
	if typ == websocket.MessageText {
		return protocol.JSON, own(buf, *buf), nil
	}
	if !l.batched {
		return protocol.CBOR, own(buf, *buf), nil
	}
	if len(*buf) == 0 {
		return 0, nil, errEmptyBatch
	}
	l.batch, l.rest = buf, *buf
	frame, err := l.nextOfBatch()
	return protocol.CBOR, frame, err
}

// nextOfBatch returns the next message of the batch. Messages get slices of
// their own, since one that is kept would else keep the batch.
func (l *link) nextOfBatch() ([]byte, error) {
	if l.end.Load() != nil {
		return nil, protocol.ErrClosed
	}
	message, rest, err := splitBatch(l.rest, l.max)
	if err != nil {
		return nil, err
	}
	if l.rest = rest; len(rest) > 0 {
		return bytes.Clone(message), nil
	}
	buf := l.batch
	l.batch, l.rest = nil, nil
	return own(buf, message), nil
}

// own gives buf back and returns b, which is a part of it, as a slice of its own:
// buf's memory if that is too large for the pool and b fills it, else a copy.
func own(buf *[]byte, b []byte) []byte {
	if cap(*buf) <= maxKeep || cap(*buf)-len(b) >= cap(*buf)/4 {
		b = bytes.Clone(b)
	}
	recycle(buf) // drops buffers above maxKeep
	return b
}

// readInto reads r to its end. The buffer grows with what has arrived.
func (l *link) readInto(buf *[]byte, r io.Reader) error {
	b, limit := (*buf)[:0], l.frameLimit()
	defer func() { *buf = b }()
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, len(b))
		}
		n, err := r.Read(b[len(b):min(cap(b), limit+1)])
		b = b[:len(b)+n]
		switch {
		case len(b) > limit:
			return tooBig(l.max)
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
