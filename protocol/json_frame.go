package protocol

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
)

// jsonFrame is a JSON-RPC object taken apart. The values are parts of the frame,
// checked; nil is one that is not there.
type jsonFrame struct {
	id, method, data jsonValue
	params           jsonObject
	result, failure  jsonObject
}

// jsonValue is one checked value and how many levels it nests.
type jsonValue struct {
	raw    []byte
	levels int
}

// jsonObject is a value and, if it is an object, those of its members that make
// it a Rembus frame.
type jsonObject struct {
	jsonValue
	kind, julia    jsonValue // "type" and "__type__"
	data, status   jsonValue
	cid, signature jsonValue
	pin, key       jsonValue
	keyType        jsonValue
	code, message  jsonValue // of a plain JSON-RPC error
}

// absent reports that there is no value, or null.
func (v jsonValue) absent() bool { return len(v.raw) == 0 || v.raw[0] == 'n' }

// text returns a string; ok is false for any other value.
func (v jsonValue) text() (text []byte, ok bool) { return jsonText(v.raw) }

// uint returns an integer without sign, fraction and exponent of at most max.
func (v jsonValue) uint(max uint64) (n uint64, ok bool) {
	n, err := strconv.ParseUint(string(v.raw), 10, 64)
	return n, err == nil && n <= max
}

// bytes returns a byte string: base64 text, or an array of byte numbers.
func (v jsonValue) bytes() (b []byte, ok bool) {
	if text, ok := v.text(); ok {
		text = bytes.TrimRight(text, "=")
		b, err := base64.RawStdEncoding.AppendDecode(nil, text)
		return b, err == nil
	}
	if len(v.raw) == 0 || v.raw[0] != '[' {
		return nil, false
	}
	s := jsonScanner{buf: v.raw, depth: 1}
	ok = true
	err := s.array(func() error {
		s.peek()
		start := s.pos
		err := s.value()
		n, isByte := jsonValue{raw: s.buf[start:s.pos]}.uint(math.MaxUint8)
		b, ok = append(b, byte(n)), ok && isByte
		return err
	})
	return b, ok && err == nil
}

// member returns where the value of a member of the frame belongs.
func (f *jsonFrame) member(name []byte) *jsonValue {
	switch string(name) {
	case "id":
		return &f.id
	case "method":
		return &f.method
	case "data":
		return &f.data
	}
	return nil
}

// object returns where a member of the frame belongs that may be an object.
func (f *jsonFrame) object(name []byte) *jsonObject {
	switch string(name) {
	case "params":
		return &f.params
	case "result":
		return &f.result
	case "error":
		return &f.failure
	}
	return nil
}

func (o *jsonObject) member(name []byte) *jsonValue {
	switch string(name) {
	case "type":
		return &o.kind
	case "__type__":
		return &o.julia
	case "data":
		return &o.data
	case "sts":
		return &o.status
	case "cid":
		return &o.cid
	case "signature":
		return &o.signature
	case "pin":
		return &o.pin
	case "key_val":
		return &o.key
	case "key_type":
		return &o.keyType
	case "code":
		return &o.code
	case "message":
		return &o.message
	}
	return nil
}

// read checks a frame and takes it apart. A frame that is no object leaves f
// empty.
func (f *jsonFrame) read(s *jsonScanner) error {
	s.low = s.depth
	var err error
	if s.peek() != '{' {
		err = s.value()
	} else {
		err = s.object(func(name []byte) error {
			if o := f.object(name); o != nil {
				return o.read(s)
			}
			return f.member(name).read(s)
		})
	}
	if err != nil {
		return err
	}
	return s.end()
}

// read reads the next value, and its members if it is an object.
func (o *jsonObject) read(s *jsonScanner) error {
	if s.peek() != '{' {
		return o.jsonValue.read(s)
	}
	start, top, low := s.pos, s.depth, s.low
	s.low = top
	err := s.object(func(name []byte) error { return o.member(name).read(s) })
	o.raw, o.levels = s.buf[start:s.pos:s.pos], top-s.low
	s.low = min(s.low, low)
	return err
}

// read reads the next value into v, if that is not nil.
func (v *jsonValue) read(s *jsonScanner) error {
	if v == nil {
		return s.value()
	}
	s.peek()
	start, top, low := s.pos, s.depth, s.low
	s.low = top
	err := s.value()
	v.raw, v.levels = s.buf[start:s.pos:s.pos], top-s.low
	s.low = min(s.low, low)
	return err
}

// parseID returns the id of the frame: none when it is absent or null; ok is
// false for what can be no id.
func (f *jsonFrame) parseID() (id ID, ok bool) {
	if f.id.absent() {
		return ID{}, true
	}
	if text, ok := f.id.text(); ok {
		return TextID(string(text))
	}
	n, ok := f.id.uint(math.MaxUint64)
	return NumberID(n), ok
}
