package protocol

import (
	"bytes"
	"slices"
)

// maxDecodeDepth bounds the nesting of what is taken apart or decoded, whatever
// the limit of the connection that it came from.
const maxDecodeDepth = 256

// maxArgs is how many arguments are taken apart. A slice of them weighs 24 times
// what a frame full of single bytes does.
const maxArgs = 1 << 16

// tagGeneric is "language-independent serialised object": Julia wraps arguments
// in one when the call is direct.
const tagGeneric = 27

// Args returns the arguments, each as CBOR bytes inside the payload: the items
// of an array (tag 27 around it removed), none for null, else the one value.
func (p *Payload) Args() ([]RawValue, error) { return p.AppendArgs(nil) }

// AppendArgs is [Payload.Args], appending to args, so that few arguments need no
// memory of their own.
func (p *Payload) AppendArgs(args []RawValue) ([]RawValue, error) {
	raw, err := p.plain()
	if err != nil {
		return nil, err
	}
	rest, n := arguments(raw)
	if n > maxArgs {
		return nil, Errorf(StatusMethodArgs, "more than %d arguments", maxArgs)
	}
	if args = slices.Grow(args, n); args == nil {
		args = []RawValue{} // none, which is not null
	}
	s := scanner{buf: rest}
	for pos := 0; pos < len(rest); {
		end, err := s.value(pos, maxDecodeDepth)
		if err != nil {
			return nil, err
		}
		args = append(args, RawValue(rest[pos:end:end]))
		pos = end
	}
	return args, nil
}

// plain returns the payload in CBOR without records: a record may refer to one
// in another argument, so that they cannot be resolved in each alone.
func (p *Payload) plain() ([]byte, error) {
	raw, err := p.CBOR()
	if err != nil || p != nil && p.untagged {
		return raw, err
	}
	return expandRecords(raw)
}

// arguments returns the arguments in a well-formed value, one after the other,
// and their number.
func arguments(raw []byte) (items []byte, n int) {
	if isNullCBOR(raw) {
		return nil, 0
	}
	raw = unwrapTuple(raw)
	h, pos, err := readHead(raw, 0)
	if err != nil || h.major != majorArray {
		return raw, 1
	}
	if !h.indefinite() {
		return raw[pos:], int(min(h.arg, uint64(len(raw)-pos)))
	}
	s := scanner{buf: raw}
	start := pos
	for pos < len(raw) {
		if raw[pos] == cborBreak {
			return raw[start:pos], n
		}
		if pos, err = s.value(pos, maxDecodeDepth); err != nil {
			break
		}
		n++
	}
	return raw, 1 // not well-formed
}

// unwrapTuple returns the array inside a tag 27 [type, bytes, array], as Julia
// writes a tuple; anything else as it is.
func unwrapTuple(raw []byte) []byte {
	h, pos, err := readHead(raw, 0)
	if err != nil || h.major != majorTag || h.arg != tagGeneric {
		return raw
	}
	if pos == len(raw) || raw[pos]>>5 != majorArray {
		return raw
	}
	inner, n := arguments(raw[pos:])
	if n != 3 {
		return raw
	}
	h, pos, err = readHead(inner, 0)
	if err != nil || h.major != majorText || h.indefinite() || h.arg > uint64(len(inner)-pos) {
		return raw
	}
	name := inner[pos : pos+int(h.arg)]
	if !bytes.Contains(name, []byte("Tuple")) {
		return raw
	}
	s := scanner{buf: inner}
	last, err := s.value(pos+len(name), maxDecodeDepth)
	if err != nil {
		return raw
	}
	end, err := s.value(last, maxDecodeDepth)
	if err != nil || inner[last]>>5 != majorArray {
		return raw
	}
	return inner[last:end]
}
