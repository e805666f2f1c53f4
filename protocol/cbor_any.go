package protocol

import (
	"encoding/base64"
	"errors"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/x448/float16"
)

var (
	errText     = errors.New("rembus: text in CBOR is not UTF-8")
	errDupKey   = errors.New("rembus: a key is twice in a CBOR map")
	errKey      = errors.New("rembus: a key of a CBOR map is no scalar")
	errSimple   = errors.New("rembus: unknown simple value in CBOR")
	errTime     = errors.New("rembus: no time inside CBOR tag 0 or 1")
	errBignum   = errors.New("rembus: no integer of bearable size inside CBOR tag 2 or 3")
	errNoTagged = errors.New("rembus: no byte string inside CBOR tag 80")
)

// maxBignum is the length of a big integer, in bytes: handling one takes time
// that grows with its square.
const maxBignum = 1024

// The years 1 to 9999, in seconds since 1970: what RFC 3339 can say, and what
// databases take.
const (
	minTime = -62135596800
	maxTime = 253402300800
)

// decodeAny decodes a value without records as [RawValue.Decode] promises.
func decodeAny(raw []byte) (any, error) {
	// After this, every length that is declared is there.
	valid, err := checkCBOR(raw, maxDecodeDepth)
	if err != nil {
		return nil, err
	}
	if !valid {
		return nil, errText
	}
	d := anyDecoder{buf: raw}
	v, _, err := d.value(0)
	return v, err
}

// anyDecoder decodes well-formed CBOR whose nesting was bounded.
type anyDecoder struct{ buf []byte }

func (d *anyDecoder) value(pos int) (v any, end int, err error) {
	start := pos
	h, pos, err := readHead(d.buf, pos)
	if err != nil {
		return nil, pos, err
	}
	switch h.major {
	case majorUint:
		return integer(h.arg), pos, nil
	case majorNegint:
		if h.arg <= math.MaxInt64 {
			return ^int64(h.arg), pos, nil
		}
		n := new(big.Int).SetUint64(h.arg)
		return n.Not(n), pos, nil
	case majorBytes:
		b, end, err := d.str(pos, h)
		return append([]byte{}, b...), end, err
	case majorText:
		b, end, err := d.str(pos, h)
		return string(b), end, err
	case majorArray:
		return d.array(pos, h)
	case majorMap:
		return d.mapping(pos, h)
	case majorTag:
		return d.tagged(start, pos, h.arg)
	}
	v, err = simple(h)
	return v, pos, err
}

func integer(n uint64) any {
	if n <= math.MaxInt64 {
		return int64(n)
	}
	return n
}

func simple(h head) (any, error) {
	switch h.info {
	case 20, 21:
		return h.info == 21, nil
	case 22, 23:
		return nil, nil
	case 25:
		return float64(float16.Frombits(uint16(h.arg)).Float32()), nil
	case 26:
		return float64(math.Float32frombits(uint32(h.arg))), nil
	case 27:
		return math.Float64frombits(h.arg), nil
	}
	return nil, errSimple
}

// str returns the bytes of a string: those of the value unless it is in chunks.
func (d *anyDecoder) str(pos int, h head) (b []byte, end int, err error) {
	if h.indefinite() {
		return joinChunks(d.buf, pos, h.major)
	}
	if h.arg > uint64(len(d.buf)-pos) {
		return nil, pos, errCut
	}
	end = pos + int(h.arg)
	return d.buf[pos:end], end, nil
}

// joinChunks returns the content of an indefinite string whose first chunk is at
// pos.
func joinChunks(buf []byte, pos int, major byte) (b []byte, end int, err error) {
	s := scanner{buf: buf}
	if _, err := s.chunks(pos, major); err != nil {
		return nil, pos, err
	}
	for {
		h, next, _ := readHead(buf, pos)
		if h.major != major {
			return b, next, nil
		}
		pos = next + int(h.arg)
		b = append(b, buf[next:pos]...)
	}
}

func (d *anyDecoder) atBreak(pos int, h head) bool {
	return h.indefinite() && pos < len(d.buf) && d.buf[pos] == cborBreak
}

func (d *anyDecoder) array(pos int, h head) (v any, end int, err error) {
	list := make([]any, 0, min(h.arg, uint64(len(d.buf)-pos)))
	for i := uint64(0); h.indefinite() || i < h.arg; i++ {
		if d.atBreak(pos, h) {
			return list, pos + 1, nil
		}
		var item any
		if item, pos, err = d.value(pos); err != nil {
			return nil, pos, err
		}
		list = append(list, item)
	}
	return list, pos, nil
}

func (d *anyDecoder) mapping(pos int, h head) (v any, end int, err error) {
	m := make(map[string]any, min(h.arg, uint64(len(d.buf)-pos)/2))
	for i := uint64(0); h.indefinite() || i < h.arg; i++ {
		if d.atBreak(pos, h) {
			return m, pos + 1, nil
		}
		var key, value any
		if key, pos, err = d.value(pos); err != nil {
			return nil, pos, err
		}
		text, err := keyText(key)
		if err != nil {
			return nil, pos, err
		}
		if _, dup := m[text]; dup {
			return nil, pos, errDupKey
		}
		if value, pos, err = d.value(pos); err != nil {
			return nil, pos, err
		}
		m[text] = value
	}
	return m, pos, nil
}

// keyText returns the text of a decoded key: numbers in decimal, bytes in
// base64.
func keyText(key any) (string, error) {
	switch k := key.(type) {
	case string:
		return k, nil
	case int64:
		return strconv.FormatInt(k, 10), nil
	case uint64:
		return strconv.FormatUint(k, 10), nil
	case float64:
		return strconv.FormatFloat(k, 'g', -1, 64), nil
	case bool:
		return strconv.FormatBool(k), nil
	case []byte:
		return base64.StdEncoding.EncodeToString(k), nil
	case *big.Int:
		return k.String(), nil
	case nil:
		return "null", nil
	}
	return "", errKey
}

// tagged decodes the content at pos of the tag at start.
func (d *anyDecoder) tagged(start, pos int, tag uint64) (v any, end int, err error) {
	if tag == tagDataFrame {
		s := scanner{buf: d.buf}
		if end, err = s.value(pos, maxDecodeDepth); err != nil {
			return nil, end, err
		}
		frame, ok := RawValue(d.buf[start:end]).DataFrame()
		if !ok {
			return nil, end, errNoTagged
		}
		return frame, end, nil
	}
	if v, end, err = d.value(pos); err != nil {
		return nil, end, err
	}
	switch tag {
	case 0, 1:
		v, err = timeOf(v)
	case 2, 3:
		v, err = bignum(v, tag == 3)
	case tagDecimal:
		if d, ok := decimalOf(v); ok {
			v = d
		}
	}
	return v, end, err
}

// timeOf returns the time that a text (RFC 3339) or a number of seconds since
// 1970 stands for.
func timeOf(v any) (any, error) {
	switch t := v.(type) {
	case string:
		parsed, err := time.Parse(time.RFC3339Nano, t)
		if err != nil {
			return nil, errTime
		}
		return parsed, nil
	case int64:
		if t >= minTime && t < maxTime {
			return time.Unix(t, 0).UTC(), nil
		}
	case float64:
		whole, fraction := math.Modf(t)
		if whole >= minTime && whole < maxTime { // also false for NaN
			return time.Unix(int64(whole), int64(math.Round(fraction*1e9))).UTC(), nil
		}
	}
	return nil, errTime
}

// bignum returns the integer whose big-endian bytes are v, in the smallest of
// the types that integers decode to.
func bignum(v any, negative bool) (any, error) {
	b, ok := v.([]byte)
	if !ok || len(b) > maxBignum {
		return nil, errBignum
	}
	n := new(big.Int).SetBytes(b)
	if negative {
		n.Not(n)
	}
	switch {
	case n.IsInt64():
		return n.Int64(), nil
	case n.IsUint64():
		return n.Uint64(), nil
	}
	return n, nil
}
