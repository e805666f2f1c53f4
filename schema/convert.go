package schema

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Convert turns a decoded value into what the DuckDB driver stores in a column
// of type t, if nothing is lost, and refuses it otherwise. nil stays nil. v is
// what protocol.RawValue.Decode gives into an any.
//
//   - Integers take integers within their range, and floats without fraction.
//   - DOUBLE takes floats, NaN and infinity too, and integers that it holds exactly.
//   - FLOAT takes the same, rounded to the nearest, unless it would overflow.
//   - DECIMAL takes integers, decimal text, decimal fractions, and floats by the
//     shortest text that means them; no digit is dropped that is not zero.
//   - TIMESTAMP and TIMESTAMPTZ take times, ISO 8601 text (UTC unless it has a zone)
//     and seconds since 1970, years 1 to 9999; parts of a microsecond are cut.
//   - DATE takes the same, but no numbers, and only midnight UTC.
//   - TIME takes text such as 10:20:30.5; parts of a microsecond are cut.
//   - UUID takes its text, with or without hyphens, and 16 bytes.
//   - JSON takes text that is JSON, as it is, and what JSON can express: maps, lists,
//     numbers, booleans, and times as text. Text that is no JSON is refused.
//   - BOOLEAN, TEXT and BLOB take only their like: no number becomes text.
func (t Type) Convert(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch t {
	case Boolean:
		if _, ok := v.(bool); ok {
			return v, nil // not its copy: boxing that would allocate
		}
	case Text:
		if s, ok := v.(string); ok {
			if !utf8.ValidString(s) {
				return nil, fmt.Errorf("TEXT does not take text that is not valid UTF-8")
			}
			return v, nil
		}
	case Blob:
		if _, ok := v.([]byte); ok {
			return v, nil
		}
	case Float:
		return toFloat(v)
	case Double:
		return toDouble(v)
	case Timestamp, TimestampTZ:
		return t.toTimestamp(v)
	case Date:
		return toDate(v)
	case Time:
		return toTime(v)
	case UUID:
		return toUUID(v)
	case JSON:
		return toJSON(v)
	default:
		if digits, scale, ok := t.Decimal(); ok {
			return t.toDecimal(v, digits, scale)
		}
		return t.toInteger(v)
	}
	return nil, t.refuse(v)
}

// ConvertJSON is [Type.Convert] for a value that came in JSON, which has no
// bytes: BLOB takes base64 text, with or without padding.
func (t Type) ConvertJSON(v any) (any, error) {
	s, ok := v.(string)
	if !ok || t != Blob {
		return t.Convert(v)
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(s)
	}
	if err != nil {
		return nil, fmt.Errorf("BLOB takes base64 in JSON, not %s", describe(v))
	}
	return b, nil
}

// ParseText returns the value of type t that s spells: for what can only be
// text, such as a segment of a topic. Numbers are decimal, booleans true or
// false, a BLOB takes the bytes of s.
func (t Type) ParseText(s string) (any, error) {
	switch t {
	case Boolean:
		if b := strings.EqualFold(s, "true"); b || strings.EqualFold(s, "false") {
			return b, nil
		}
		return nil, t.refuse(s)
	case Blob:
		return []byte(s), nil
	case Text, Date, Time, UUID, JSON:
		return t.Convert(s)
	case Float, Double:
		if f, ok := parseFloat(s); ok {
			return t.Convert(f)
		}
		return nil, t.refuse(s)
	case Timestamp, TimestampTZ:
		if f, ok := parseFloat(s); ok {
			return t.Convert(f)
		}
		return t.Convert(s)
	}
	if _, _, ok := t.Decimal(); ok {
		return t.Convert(s)
	}
	if i, ok := parseInteger(s); ok {
		return t.Convert(i)
	}
	return nil, t.refuse(s)
}

// parseInteger reads a decimal integer. Its length is bounded before it is
// read: the time that takes grows with the square.
func parseInteger(s string) (any, bool) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, true
	}
	if len(s) > 64 {
		return nil, false
	}
	i, ok := new(big.Int).SetString(s, 10)
	return i, ok
}

// parseFloat reads a decimal number, nan or inf; no hexadecimal, no
// underscores.
func parseFloat(s string) (float64, bool) {
	if len(s) > 64 || strings.ContainsAny(s, "xX_pP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
