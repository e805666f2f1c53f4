package protocol

import (
	"bytes"
	"sync/atomic"
)

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
	enc      Encoding
	untagged bool         // CBOR that is known to hold no tag, and so no record
	holders  atomic.Int32 // of the message that it is part of, see Message.Retain: here is room for it
	raw      []byte
	alt      atomic.Pointer[conversion] // to the other encoding, once somebody needed it
}

// conversion is how it went: what cannot be converted must not be tried again
// for every receiver.
type conversion struct {
	raw []byte
	err error
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
		return []byte{cborNull}
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

// CBOR returns the payload in CBOR, converting it at most once. Do not change
// the bytes.
func (p *Payload) CBOR() ([]byte, error) {
	if p == nil || p.enc == CBOR {
		return p.Raw(), nil
	}
	return p.converted(jsonToCBOR)
}

// JSON returns the payload in JSON, converting it at most once. Do not change
// the bytes. Byte strings become base64, DataFrames an array of row objects
// where a converter was registered ([RegisterFrameJSON]), else base64.
func (p *Payload) JSON() ([]byte, error) {
	if p == nil {
		return []byte("null"), nil
	}
	if p.enc == JSON {
		return p.raw, nil
	}
	return p.converted(cborToJSON)
}

// converted returns the other encoding. Two goroutines that come first at the
// same time both convert; the result is the same.
func (p *Payload) converted(convert func([]byte) ([]byte, error)) ([]byte, error) {
	alt := p.alt.Load()
	if alt == nil {
		alt = &conversion{}
		alt.raw, alt.err = convert(p.raw)
		p.alt.Store(alt)
	}
	return alt.raw, alt.err
}

// IsNull reports whether there is no data.
func (p *Payload) IsNull() bool {
	switch {
	case p == nil:
		return true
	case p.enc == JSON:
		return string(bytes.TrimSpace(p.raw)) == "null"
	}
	return isNullCBOR(p.raw)
}

// Prepend returns the payload whose arguments are topic and then p's. The
// arguments keep their bytes.
func (p *Payload) Prepend(topic string) *Payload {
	if p != nil && p.enc == JSON {
		return &Payload{enc: JSON, raw: prependJSON(topic, p.raw)}
	}
	return &Payload{enc: CBOR, raw: prependCBOR(topic, p.Raw())}
}

func prependCBOR(topic string, raw []byte) []byte {
	args, n := arguments(raw)
	out := make([]byte, 0, len(args)+len(topic)+18)
	out = appendHead(out, majorArray, uint64(n)+1)
	return append(appendText(out, topic), args...)
}

func prependJSON(topic string, raw []byte) []byte {
	raw = bytes.TrimSpace(raw)
	out := make([]byte, 0, len(raw)+len(topic)+8)
	out = appendQuoted(append(out, '['), topic)
	switch {
	case string(raw) == "null":
		return append(out, ']')
	case len(raw) == 0 || raw[0] != '[':
		return append(append(append(out, ','), raw...), ']')
	}
	rest := bytes.TrimSpace(raw[1:])
	if len(rest) > 0 && rest[0] != ']' {
		out = append(out, ',')
	}
	return append(out, rest...)
}
