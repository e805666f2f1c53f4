package ws

import (
	"context"
	"errors"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// Send writes the batch behind one flush, or one every 32 KiB if it is longer.
// A message that cannot be expressed to this peer is left out: one publisher's
// strange data must not cost its subscribers their connections.
func (l *link) Send(batch []*protocol.Message) error {
	if l.end.Load() != nil {
		return l.closed()
	}
	l.sock.hold()
	err := l.compose(batch)
	if err2 := l.sock.release(); err == nil {
		err = err2
	}
	if err == nil {
		return nil
	}
	if failed := l.sock.failure(); failed != nil {
		err = failed
	}
	l.finish(err, false)
	return l.closed()
}

// compose queues the frames of the batch.
func (l *link) compose(batch []*protocol.Message) error {
	scratch := buffers.Get().(*[]byte)
	defer recycle(scratch)
	queued := 0
	for _, m := range batch {
		frame, enc, shared, err := l.encode(m, (*scratch)[:0])
		if err != nil {
			l.log.Debug("ws: message left out", "remote", l.name, "type", m.Type, "error", err)
			continue
		}
		if !shared {
			*scratch = frame[:0]
		}
		if err := l.writeFrame(enc, frame); err != nil {
			return err
		}
		if queued += len(frame); queued >= flushAt {
			queued = 0
			if err := l.sock.flush(); err != nil {
				return err
			}
		}
	}
	return nil
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

// writeFrame queues one message, in fragments if it is long.
func (l *link) writeFrame(enc protocol.Encoding, frame []byte) error {
	if len(frame) == 0 {
		return errors.New("empty frame") // Julia would take it for the end of the connection
	}
	typ := websocket.MessageBinary
	if enc == protocol.JSON {
		typ = websocket.MessageText
	}
	if len(frame) <= fragment {
		return l.conn.Write(context.Background(), typ, frame)
	}
	w, err := l.conn.Writer(context.Background(), typ)
	if err != nil {
		return err
	}
	for len(frame) > 0 {
		n := min(len(frame), fragment)
		if _, err := w.Write(frame[:n]); err != nil {
			return err
		}
		frame = frame[n:]
		if err := l.sock.flush(); err != nil {
			return err
		}
	}
	return w.Close()
}
