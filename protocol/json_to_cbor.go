package protocol

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
)

// maxPlainBignum is how many bits an integer keeps exactly; of a larger one the
// nearest double is kept.
const maxPlainBignum = 128

// jsonToCBOR returns one JSON value as CBOR: integers in the shortest form that
// holds them, as bignums from 65 to 128 bits, beyond that as doubles; numbers
// with a fraction or an exponent as doubles of 64 bits, always; objects in the
// order of their members; all lengths definite. A number beyond the range of
// doubles becomes an infinity, as msg_from means it.
func jsonToCBOR(raw []byte) ([]byte, error) {
	w := cborWriter{
		jsonScanner: jsonScanner{buf: raw, depth: maxDecodeDepth},
		out:         make([]byte, 0, len(raw)+9),
	}
	if err := w.value(); err != nil {
		return nil, err
	}
	if err := w.end(); err != nil {
		return nil, err
	}
	if w.refused != nil {
		return nil, w.refused
	}
	return w.out, nil
}

// cborWriter writes what its scanner reads.
type cborWriter struct {
	jsonScanner
	out []byte
}

func (w *cborWriter) value() error {
	switch c := w.peek(); c {
	case '{':
		return w.container(majorMap)
	case '[':
		return w.container(majorArray)
	case '"':
		text, escaped, err := w.str()
		if err == nil {
			w.text(text, escaped)
		}
		return err
	case 't':
		w.out = append(w.out, cborTrue)
		return w.literal("true")
	case 'f':
		w.out = append(w.out, 0xf4)
		return w.literal("false")
	case 'n':
		w.out = append(w.out, cborNull)
		return w.literal("null")
	default:
		if c != '-' && (c < '0' || c > '9') {
			return w.unexpected()
		}
		text, integer, err := w.number()
		if err != nil {
			return err
		}
		if !integer || !w.integer(text) {
			w.float(text)
		}
		return nil
	}
}

// container writes an object or array. Its head takes one byte if it has few
// items; else the items move to make room.
func (w *cborWriter) container(major byte) error {
	at := len(w.out)
	w.out = append(w.out, major<<5)
	var n uint64
	var err error
	if major == majorMap {
		err = w.object(func(name []byte) error {
			n++
			w.out = appendBytesAs(w.out, majorText, name)
			return w.value()
		})
	} else {
		err = w.array(func() error {
			n++
			return w.value()
		})
	}
	if err != nil {
		return err
	}
	var head [9]byte
	if h := appendHead(head[:0], major, n); len(h) == 1 {
		w.out[at] = h[0]
	} else {
		items := len(w.out) - at - 1
		w.out = append(w.out, h[1:]...) // any bytes: for their room
		copy(w.out[at+len(h):], w.out[at+1:at+1+items])
		copy(w.out[at:], h)
	}
	return nil
}

func (w *cborWriter) text(text []byte, escaped bool) {
	if escaped {
		text = appendUnescaped(nil, text)
	}
	w.out = appendBytesAs(w.out, majorText, text)
}

func appendBytesAs(dst []byte, major byte, b []byte) []byte {
	return append(appendHead(dst, major, uint64(len(b))), b...)
}

// integer writes an integer; false says that it is too large for one.
func (w *cborWriter) integer(text []byte) bool {
	digits, negative := text, text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if n, ok := parseDigits(digits); ok {
		switch {
		case !negative || n == 0:
			w.out = appendHead(w.out, majorUint, n)
		default:
			w.out = appendHead(w.out, majorNegint, n-1)
		}
		return true
	}
	if len(digits) > 39 { // 2^128 has 39
		return false
	}
	n, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		return false
	}
	tag := uint64(2)
	if negative {
		tag = 3
		n.Not(n)
	}
	switch {
	case n.IsUint64(): // -2^64
		w.out = appendHead(w.out, majorNegint, n.Uint64())
	case n.BitLen() > maxPlainBignum:
		return false
	default:
		w.out = appendBytes(appendHead(w.out, majorTag, tag), n.Bytes())
	}
	return true
}

// parseDigits returns the number that digits stand for, if it has 64 bits.
func parseDigits(digits []byte) (n uint64, ok bool) {
	if len(digits) > 19 { // more may overflow
		n, err := strconv.ParseUint(string(digits), 10, 64)
		return n, err == nil
	}
	for _, c := range digits {
		n = 10*n + uint64(c-'0')
	}
	return n, true
}

// float writes the double nearest to a number.
func (w *cborWriter) float(text []byte) {
	f, _ := strconv.ParseFloat(string(text), 64) // an infinity when out of range
	w.out = binary.BigEndian.AppendUint64(append(w.out, cborFloat64), math.Float64bits(f))
}
