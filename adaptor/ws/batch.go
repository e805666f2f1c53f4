package ws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// Subprotocol is what a dialer offers in Sec-WebSocket-Protocol and a listener
// accepts: on such a connection each binary message of the WebSocket is a batch
// of one or more messages, each of them preceded by its length.
//
//	+----------------+-----------+----------------+-----------+---
//	| length n       | message   | length m       | message   | …
//	| 4 B big-endian | n B CBOR  | 4 B big-endian | m B CBOR  |
//	+----------------+-----------+----------------+-----------+---
//
// A batch of several messages has at most 64 KiB; a longer message is alone in
// its batch. There are no empty messages and no empty batches. A text message
// is one message in JSON, as on any other connection.
const Subprotocol = "rembus.batch.v1"

const (
	batchHead = 4        // the length of a message
	batchMax  = 64 << 10 // the most that several messages take together
)

var (
	errEmptyBatch = invalidBatch("an empty batch")
	errEmptyFrame = errors.New("empty frame") // Julia would take it for the end of the connection
)

// invalidBatch is the violation of a peer that knows how batches are written
// and does not do it.
func invalidBatch(text string) *violation {
	return &violation{websocket.StatusInvalidFramePayloadData, text}
}

// tooBig is the violation of a message above the limit.
func tooBig(limit int) *violation {
	return &violation{websocket.StatusMessageTooBig, fmt.Sprintf("message longer than %d bytes", limit)}
}

// splitBatch returns the first message of a batch, and what follows it.
func splitBatch(batch []byte, limit int) (message, rest []byte, err error) {
	if len(batch) < batchHead {
		return nil, nil, invalidBatch("a batch ends inside a length")
	}
	n := uint64(binary.BigEndian.Uint32(batch))
	batch = batch[batchHead:]
	switch {
	case n == 0:
		return nil, nil, invalidBatch("an empty message in a batch")
	case n > uint64(limit):
		return nil, nil, tooBig(limit)
	case n > uint64(len(batch)):
		return nil, nil, invalidBatch("a batch ends inside a message")
	}
	return batch[:n:n], batch[n:], nil
}

// composeBatches queues the messages in as few WebSocket messages as may be,
// and returns what had to be left out.
func (l *link) composeBatches(msgs []*protocol.Message) (left *protocol.Unsent, err error) {
	scratch := buffers.Get().(*[]byte)
	defer recycle(scratch)
	buf := (*scratch)[:0]
	for _, m := range msgs {
		start := len(buf)
		frame, enc, shared, err := l.encode(m, append(buf, 0, 0, 0, 0))
		if err != nil {
			left = leaveOut(left, m, err)
			continue
		}
		if shared {
			frame = append(append(buf, 0, 0, 0, 0), frame...)
		}
		if buf, err = l.queueBatched(frame, start, enc); err != nil {
			return nil, err
		}
		*scratch = buf[:0]
	}
	if len(buf) > 0 {
		err = l.write(protocol.CBOR, buf)
	}
	return left, err
}

// queueBatched takes a batch whose last message, with room for its length before
// it, begins at start. It queues what is complete and returns what is not.
func (l *link) queueBatched(buf []byte, start int, enc protocol.Encoding) ([]byte, error) {
	n := len(buf) - start - batchHead
	if n == 0 {
		return nil, errEmptyFrame
	}
	if n > math.MaxInt32 {
		return nil, tooBig(math.MaxInt32)
	}
	binary.BigEndian.PutUint32(buf[start:], uint32(n))
	text := enc == protocol.JSON
	if start > 0 && (text || len(buf) > batchMax) {
		if err := l.write(protocol.CBOR, buf[:start]); err != nil {
			return nil, err
		}
		buf = append(buf[:0], buf[start:]...)
	}
	if text {
		return buf[:0], l.write(protocol.JSON, buf[batchHead:])
	}
	if len(buf) < flushAt {
		return buf, nil
	}
	if err := l.write(protocol.CBOR, buf); err != nil {
		return nil, err
	}
	return buf[:0], l.sock.flush()
}
