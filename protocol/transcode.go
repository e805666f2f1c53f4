package protocol

import (
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/x448/float16"
)

var errTooLong = Errorf(StatusError, "the data is too long in JSON")

// maxJSONBignum is the length of the largest integers in the range of doubles,
// in bytes: parsers of JSON refuse what is beyond, or take it for infinity.
const maxJSONBignum = 127

// cborToJSON returns one CBOR value as JSON:
//
//   - integers exactly, bignums too up to the range of doubles;
//   - floats as short as they read back the same, with a point or an exponent
//     ("1.0"); NaN and the infinities as null, for JSON has none;
//   - undefined and unassigned simple values as null;
//   - byte strings as base64; larger bignums as their bytes;
//   - DataFrames (tag 80) as [RegisterFrameJSON]'s converter makes them, base64
//     without one or if it fails;
//   - records of rembus.js as objects, tuples of Julia (tag 27) as their arguments,
//     any other tag as its content;
//   - keys of maps as text.
//
// A map with two keys that read the same is an error: clients differ in which
// they believe, or drop the frame. So is JSON that is longer than the CBOR by more
// than a message may be long.
func cborToJSON(raw []byte) ([]byte, error) {
	raw, err := expandRecords(raw)
	if err != nil {
		return nil, err
	}
	if _, err := checkCBOR(raw, maxDecodeDepth); err != nil {
		return nil, err
	}
	w := jsonWriter{
		in:    raw,
		out:   make([]byte, 0, len(raw)+len(raw)/2+16),
		limit: len(raw) + DefaultLimits().MaxMessage,
	}
	if _, err := w.value(0); err != nil {
		return nil, err
	}
	return w.out, nil
}

// jsonWriter turns well-formed CBOR without records, whose nesting was bounded,
// into JSON.
type jsonWriter struct {
	in, out []byte
	limit   int // of len(out), beyond which no client would take it
}

// value writes the value at pos and returns its end.
func (w *jsonWriter) value(pos int) (end int, err error) {
	if len(w.out) > w.limit {
		return pos, errTooLong
	}
	start := pos
	h, pos, err := readHead(w.in, pos)
	if err != nil {
		return pos, err
	}
	switch h.major {
	case majorUint:
		w.out = strconv.AppendUint(w.out, h.arg, 10)
	case majorNegint:
		w.out = appendNegative(w.out, h.arg)
	case majorBytes:
		b, end, err := w.str(pos, h)
		w.out = appendBase64(w.out, b)
		return end, err
	case majorText:
		b, end, err := w.str(pos, h)
		if err != nil {
			return end, err
		}
		return end, w.text(b)
	case majorArray:
		return w.array(pos, h)
	case majorMap:
		return w.object(pos, h)
	case majorTag:
		return w.tagged(start, pos, h.arg)
	default:
		w.simple(h)
	}
	return pos, nil
}

// text writes a text piece by piece, because escapes make it six times as long.
func (w *jsonWriter) text(b []byte) error {
	const piece = 64 << 10
	w.out = append(w.out, '"')
	for len(b) > piece {
		n := piece
		for i := 0; i < utf8.UTFMax && !utf8.RuneStart(b[n]); i++ {
			n--
		}
		w.out = appendEscaped(w.out, b[:n])
		if b = b[n:]; len(w.out) > w.limit {
			return errTooLong
		}
	}
	w.out = append(appendEscaped(w.out, b), '"')
	return nil
}

func (w *jsonWriter) str(pos int, h head) (b []byte, end int, err error) {
	d := anyDecoder{buf: w.in}
	return d.str(pos, h)
}

func (w *jsonWriter) atBreak(pos int, h head) bool {
	return h.indefinite() && w.in[pos] == cborBreak
}

func (w *jsonWriter) array(pos int, h head) (end int, err error) {
	w.out = append(w.out, '[')
	for i := uint64(0); h.indefinite() || i < h.arg; i++ {
		if w.atBreak(pos, h) {
			pos++
			break
		}
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if pos, err = w.value(pos); err != nil {
			return pos, err
		}
	}
	w.out = append(w.out, ']')
	return pos, nil
}

func (w *jsonWriter) object(pos int, h head) (end int, err error) {
	w.out = append(w.out, '{')
	var few [fewNames]nameHash
	names := few[:0]
	for i := uint64(0); h.indefinite() || i < h.arg; i++ {
		if w.atBreak(pos, h) {
			pos++
			break
		}
		if i > 0 {
			w.out = append(w.out, ',')
		}
		var key []byte
		if key, pos, err = w.key(pos); err != nil {
			return pos, err
		}
		from := len(w.out)
		if err := w.text(key); err != nil {
			return pos, err
		}
		names = append(names, hashName(w.out[from:])) // as written: what is no UTF-8 reads alike
		w.out = append(w.out, ':')
		if pos, err = w.value(pos); err != nil {
			return pos, err
		}
	}
	if duplicateNames(names) {
		return pos, errDupKey
	}
	w.out = append(w.out, '}')
	return pos, nil
}

// key returns the text of the key at pos.
func (w *jsonWriter) key(pos int) (key []byte, end int, err error) {
	h, next, err := readHead(w.in, pos)
	if err != nil {
		return nil, pos, err
	}
	if h.major == majorText {
		return w.str(next, h)
	}
	d := anyDecoder{buf: w.in}
	v, end, err := d.value(pos)
	if err != nil {
		return nil, end, err
	}
	text, err := keyText(v)
	return []byte(text), end, err
}

// tagged writes the content at pos of the tag at start.
func (w *jsonWriter) tagged(start, pos int, tag uint64) (end int, err error) {
	s := scanner{buf: w.in}
	switch tag {
	case 2, 3:
		if w.in[pos]>>5 == majorBytes {
			return w.bignum(pos, tag == 3)
		}
	case tagGeneric:
		if end, err = s.value(pos, maxDecodeDepth); err != nil {
			return end, err
		}
		tuple := jsonWriter{in: unwrapTuple(w.in[start:end]), out: w.out, limit: w.limit}
		if len(tuple.in) == end-start { // no tuple
			break
		}
		_, err = tuple.value(0)
		w.out = tuple.out
		return end, err
	case tagDataFrame:
		if end, err = s.value(pos, maxDecodeDepth); err != nil {
			return end, err
		}
		frame, ok := RawValue(w.in[start:end]).DataFrame()
		if !ok {
			break
		}
		w.out = appendFrame(w.out, frame)
		return end, nil
	}
	return w.value(pos)
}

// appendFrame appends a DataFrame.
func appendFrame(dst []byte, frame DataFrame) []byte {
	if convert := frameJSON.Load(); convert != nil {
		if rows, err := (*convert)(frame); err == nil {
			return append(dst, rows...)
		}
	}
	return appendBase64(dst, frame)
}

// bignum writes the integer whose bytes, big-endian, are the string at pos.
func (w *jsonWriter) bignum(pos int, negative bool) (end int, err error) {
	h, next, err := readHead(w.in, pos)
	if err != nil {
		return pos, err
	}
	b, end, err := w.str(next, h)
	if err != nil {
		return end, err
	}
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > maxJSONBignum {
		w.out = appendBase64(w.out, b)
		return end, nil
	}
	n := new(big.Int).SetBytes(b)
	if negative {
		n.Not(n)
	}
	w.out = n.Append(w.out, 10)
	return end, nil
}

// appendNegative appends -1-n.
func appendNegative(dst []byte, n uint64) []byte {
	if n == math.MaxUint64 {
		return append(dst, "-18446744073709551616"...)
	}
	return strconv.AppendUint(append(dst, '-'), n+1, 10)
}

func (w *jsonWriter) simple(h head) {
	switch h.info {
	case 20:
		w.out = append(w.out, "false"...)
	case 21:
		w.out = append(w.out, "true"...)
	case 25:
		w.out = appendFloat(w.out, float64(float16.Frombits(uint16(h.arg)).Float32()))
	case 26:
		w.out = appendFloat(w.out, float64(math.Float32frombits(uint32(h.arg))))
	case 27:
		w.out = appendFloat(w.out, math.Float64frombits(h.arg))
	default:
		w.out = append(w.out, "null"...)
	}
}

// appendFloat appends a double such that it reads back as one, and not as an
// integer.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[from:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, '.', '0')
}
