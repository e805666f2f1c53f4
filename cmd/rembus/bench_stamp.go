package main

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// stamp tells messages of a run apart.
type stamp struct {
	at     time.Duration // when the message was published, or due; from the begin of the run
	number uint64        // of the sender's messages
	sender uint16
}

// stampSize is the length of a stamp as text: 7 bytes of nanoseconds, 6 of the
// number, 2 of the sender, in base64.
const stampSize = 20

// text is the argument of the messages of a sender: a CBOR text of a fixed size that
// ends with a stamp. Each stamp overwrites the one before, so it is for one goroutine,
// and what is sent has to be encoded before the next one.
type text struct {
	raw  []byte
	args []any // raw, as components take it
}

func newText(size int) *text {
	raw, err := cbor.Marshal(strings.Repeat("x", size))
	if err != nil {
		panic(err) // a text
	}
	return &text{raw: raw, args: []any{cbor.RawMessage(raw)}}
}

// put writes s and returns the arguments of the message.
func (t *text) put(s stamp) []any {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.at)<<8)
	b[7], b[8] = byte(s.number>>40), byte(s.number>>32)
	binary.BigEndian.PutUint32(b[9:], uint32(s.number))
	binary.BigEndian.PutUint16(b[13:], s.sender)
	base64.RawURLEncoding.Encode(t.raw[len(t.raw)-stampSize:], b[:15])
	return t.args
}

// readStamp reads the stamp of an argument; ok is false if it is none of a [text] of
// size bytes.
func readStamp(arg []byte, size int) (s stamp, ok bool) {
	if len(arg) <= size || arg[0]>>5 != 3 { // a CBOR text
		return s, false
	}
	var b [16]byte
	if n, err := base64.RawURLEncoding.Decode(b[:15], arg[len(arg)-stampSize:]); err != nil || n != 15 {
		return s, false
	}
	s.number = uint64(b[7])<<40 | uint64(b[8])<<32 | uint64(binary.BigEndian.Uint32(b[9:]))
	s.sender = binary.BigEndian.Uint16(b[13:])
	s.at = time.Duration(binary.BigEndian.Uint64(b[:8]) >> 8)
	return s, true
}
