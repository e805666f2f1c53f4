package protocol

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// ID identifies a message between the two ends of one connection. Towards CBOR
// it is a byte string of 1 to 16 bytes, towards JSON a number or a string. An
// answer echoes it exactly. IDs are comparable; the zero ID is none.
type ID struct {
	num  uint64
	text string
	kind idKind
}

type idKind uint8

const (
	idNone   idKind = iota
	idNumber        // 8 bytes in CBOR, read little-endian; an integer in JSON
	idBytes         // CBOR bytes of another length
	idText          // a JSON string
)

// MaxIDText is the longest JSON string accepted as an id, in bytes.
const MaxIDText = 128

// NumberID returns the id of eight bytes that reads n in little-endian order.
func NumberID(n uint64) ID { return ID{num: n, kind: idNumber} }

// BytesID returns the id of a CBOR byte string; ok is false unless it has 1 to
// 16 bytes.
func BytesID(b []byte) (id ID, ok bool) {
	switch n := len(b); {
	case n == 8:
		return NumberID(binary.LittleEndian.Uint64(b)), true
	case n >= 1 && n <= 16:
		return ID{text: string(b), kind: idBytes}, true
	}
	return ID{}, false
}

// TextID returns the id of a JSON string; ok is false when it is empty or
// longer than [MaxIDText].
func TextID(s string) (id ID, ok bool) {
	if s == "" || len(s) > MaxIDText {
		return ID{}, false
	}
	return ID{text: s, kind: idText}, true
}

// IsZero reports whether there is no id.
func (id ID) IsZero() bool { return id.kind == idNone }

// Number returns the little-endian value of an id of eight bytes.
func (id ID) Number() (n uint64, ok bool) { return id.num, id.kind == idNumber }

// Slot returns the low 32 bits of the id read little-endian, where a PUB with a
// slot carries it. An id of text has none: 0.
func (id ID) Slot() uint32 {
	if id.kind != idBytes {
		return uint32(id.num)
	}
	var low [4]byte
	copy(low[:], id.text)
	return binary.LittleEndian.Uint32(low[:])
}

// IsWide reports an id of 16 bytes, by which rembus.js is known.
func (id ID) IsWide() bool { return id.kind == idBytes && len(id.text) == 16 }

// IsText reports an id that came as a JSON string: its bytes are the text.
func (id ID) IsText() bool { return id.kind == idText }

// AppendBytes appends the CBOR form of the id: its bytes without a head. An id
// from a JSON string gives the bytes of the text.
func (id ID) AppendBytes(dst []byte) []byte {
	if id.kind == idNumber {
		return binary.LittleEndian.AppendUint64(dst, id.num)
	}
	return append(dst, id.text...)
}

// String returns the id for logs: safe to print whatever the peer sent.
func (id ID) String() string {
	switch id.kind {
	case idNumber:
		return strconv.FormatUint(id.num, 10)
	case idBytes:
		return hex.EncodeToString([]byte(id.text))
	case idText:
		return strconv.QuoteToASCII(id.text)
	}
	return "none"
}
