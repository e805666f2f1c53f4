package protocol

import "sync/atomic"

// Encoding is how a frame or a payload is written.
type Encoding uint8

// The encodings of the Rembus protocol: CBOR in binary frames, JSON in text frames.
const (
	CBOR Encoding = 0
	JSON Encoding = 1
)

func (e Encoding) String() string {
	if e == JSON {
		return "json"
	}
	return "cbor"
}

// Payload is the data of a message: the bytes as they were received, shared by
// all who need them and never changed. It is converted to the other encoding on
// demand, and then only once. A nil *Payload is null. Safe for concurrent use.
type Payload struct {
	enc Encoding
	raw []byte
	alt atomic.Pointer[[]byte] // the other encoding, once somebody needed it
}

// NewPayload wraps data that is already encoded. The bytes must be one
// well-formed value and are the payload's from now on.
func NewPayload(enc Encoding, raw []byte) *Payload { return &Payload{enc: enc, raw: raw} }

// Encoding says how the payload came.
func (p *Payload) Encoding() Encoding {
	if p == nil {
		return CBOR
	}
	return p.enc
}

// Raw returns the bytes as they came, in [Payload.Encoding]. Do not change them.
func (p *Payload) Raw() []byte {
	if p == nil {
		return []byte{0xf6}
	}
	return p.raw
}

// Size is the length of the payload as it came, in bytes.
func (p *Payload) Size() int {
	if p == nil {
		return 0
	}
	return len(p.raw)
}
