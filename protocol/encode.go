package protocol

import (
	"bytes"
	"fmt"
	"sync"
)

// EncodeArgs returns the CBOR array of args: the data of a PUB or RPC.
func EncodeArgs(args ...any) (*Payload, error) {
	buf := scratch.Get().(*[]byte)
	raw, err := appendAll((*buf)[:0], args)
	return ownPayload(buf, raw, err)
}

// EncodeValue returns the CBOR form of one value: the data of a RESPONSE or
// ADMIN. Structs go by their fields, named by the tag `cbor` or `json`;
// time.Time goes as tag 0, *big.Int beyond 64 bits as tags 2 and 3, a DataFrame
// as tag 80. Floats keep their width.
func EncodeValue(v any) (*Payload, error) {
	buf := scratch.Get().(*[]byte)
	raw, err := appendGo((*buf)[:0], v)
	return ownPayload(buf, raw, err)
}

// NewMessage returns a message of type t to topic with args, encoded as
// [EncodeArgs] does, as its data. A small one costs one allocation, or none
// if messages are given back, see [Message.Free]. Further fields may be set until somebody else
// has it.
func NewMessage(t Type, topic string, args ...any) (*Message, error) {
	buf := scratch.Get().(*[]byte)
	raw, err := appendAll((*buf)[:0], args)
	if err != nil {
		scratch.Put(buf)
		return nil, encodeError(err)
	}
	m, room := recycled(len(raw))
	copy(room, raw)
	reuse(buf, raw)
	m.Type, m.Topic = t, topic
	m.setData(CBOR, room[:len(room):len(room)])
	return m, nil
}

func appendAll(dst []byte, args []any) (_ []byte, err error) {
	dst = appendHead(dst, majorArray, uint64(len(args)))
	for _, v := range args {
		if dst, err = appendGo(dst, v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// maxScratch is the largest buffer that is kept for the next value.
const maxScratch = 64 << 10

// scratch is where values are encoded before their length is known.
var scratch = sync.Pool{New: func() any {
	b := make([]byte, 0, 1<<10)
	return &b
}}

// reuse gives a buffer back that raw has grown out of.
func reuse(buf *[]byte, raw []byte) {
	if cap(raw) <= maxScratch {
		*buf = raw
	}
	scratch.Put(buf)
}

// ownPayload returns what was encoded into buf as a payload of its own.
func ownPayload(buf *[]byte, raw []byte, err error) (*Payload, error) {
	defer reuse(buf, raw)
	switch {
	case err != nil:
		return nil, encodeError(err)
	case cap(raw) > maxScratch:
		return NewPayload(CBOR, raw), nil
	}
	return NewPayload(CBOR, bytes.Clone(raw)), nil
}

func encodeError(err error) error { return fmt.Errorf("failed to encode a value: %w", err) }
