package workload

import (
	"encoding/binary"
	"io"
)

// payloadSize is the size of a message, unless a workload says otherwise.
const payloadSize = 128

// The first bytes of a message are its number, counted from 1, and the time when
// it was sent, where that is measured.
const (
	numberAt = 0
	sentAt   = 8
	least    = 16 // the smallest message
)

// message returns a message of size bytes, at least 16.
func message(size int) []byte {
	b := make([]byte, max(size, least))
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	setNumber(b, 0)
	return b
}

func setNumber(b []byte, n int) { binary.BigEndian.PutUint64(b[numberAt:], uint64(n)) }

// number returns which message this is, -1 when it is none of ours.
func number(b []byte) int {
	if len(b) < least {
		return -1
	}
	return int(binary.BigEndian.Uint64(b[numberAt:]))
}

// full fills b.
func full(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return err
}
