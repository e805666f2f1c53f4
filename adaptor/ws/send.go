package ws

import (
	"github.com/rembus-go/rembus/protocol"
)

// Send writes the batch behind one flush, or one every 32 KiB if it is longer.
// A message that cannot be expressed to this peer is left out and told of in an
// *Unsent error: one publisher's strange data must not cost its subscribers
// their connections.
func (l *link) Send(batch []*protocol.Message) error { return l.send(batch, l.sock.release) }

// Idle reports whether SendNow may be called: protocol.Prompt.
func (l *link) Idle() bool { return l.sock.idleNow() }

// SendNow is Send, but what the connection does not take at once is written by a
// goroutine of its own: protocol.Prompt.
func (l *link) SendNow(batch []*protocol.Message) error { return l.send(batch, l.sock.releaseNow) }

func (l *link) send(batch []*protocol.Message, release func() error) error {
	if l.end.Load() != nil {
		return l.closed()
	}
	l.sock.hold()
	compose := l.compose
	if l.batched {
		compose = l.composeBatches
	}
	left, err := compose(batch)
	if err2 := release(); err == nil {
		err = err2
	}
	if err == nil {
		if left != nil {
			return left
		}
		return nil
	}
	if failed := l.sock.failure(); failed != nil {
		err = failed
	}
	l.finish(err, false)
	return l.closed()
}

// Copies says that Send keeps nothing of the messages: protocol.Copier.
func (l *link) Copies() {}

// compose queues the frames of the batch and returns what had to be left out.
func (l *link) compose(batch []*protocol.Message) (left *protocol.Unsent, err error) {
	scratch := buffers.Get().(*[]byte)
	defer recycle(scratch)
	queued := 0
	for _, m := range batch {
		frame, enc, shared, err := l.encode(m, (*scratch)[:0])
		if err != nil {
			left = leaveOut(left, m, err)
			continue
		}
		if !shared {
			*scratch = frame[:0]
		}
		if err := l.write(enc, frame); err != nil {
			return nil, err
		}
		if queued += len(frame); queued >= flushAt {
			queued = 0
			if err := l.sock.flush(); err != nil {
				return nil, err
			}
		}
	}
	return left, nil
}

// leaveOut adds m to what cannot be expressed.
func leaveOut(left *protocol.Unsent, m *protocol.Message, err error) *protocol.Unsent {
	if left == nil {
		left = &protocol.Unsent{Err: err}
	}
	left.Messages = append(left.Messages, m)
	return left
}

// encode returns the frame of m. An answer that cannot be expressed becomes an
// error, for somebody waits for it.
func (l *link) encode(m *protocol.Message, scratch []byte) (frame []byte, enc protocol.Encoding, shared bool, err error) {
	frame, enc, shared, err = l.codec.Encode(m, scratch)
	if err != nil && m.Type == protocol.Response {
		m = protocol.NewError(m.ID, protocol.Errorf(protocol.StatusMethodException, "the answer cannot be sent as %v: %v", enc, err))
		frame, enc, shared, err = l.codec.Encode(m, scratch)
	}
	return frame, enc, shared, err
}

// write queues one message, in fragments if it is long. The WebSocket library
// could do this, but takes three locks and a flush for each frame: a quarter of
// the time that relaying a small message takes.
func (l *link) write(enc protocol.Encoding, frame []byte) error {
	if len(frame) == 0 {
		return errEmptyFrame
	}
	op := byte(opBinary)
	if enc == protocol.JSON {
		op = opText
	}
	for len(frame) > fragment {
		if err := l.sock.writeFrame(op, l.component, frame[:fragment]); err != nil {
			return err
		}
		if err := l.sock.flush(); err != nil {
			return err
		}
		op, frame = opContinuation, frame[fragment:]
	}
	return l.sock.writeFrame(finBit|op, l.component, frame)
}
