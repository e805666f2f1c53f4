package schema

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rembus-go/rembus/protocol"
)

// Convert turns a decoded value into what the DuckDB driver stores in a column
// of type t, if nothing is lost, and refuses it otherwise. nil stays nil. v is
// what protocol.RawValue.Decode gives into an any.
//
//   - Integers take integers within their range, and floats without fraction.
//   - DOUBLE takes floats, NaN and infinity too, and integers that it holds exactly.
//   - FLOAT takes the same, rounded to the nearest, unless it would overflow.
//   - TIMESTAMP takes times, ISO 8601 text (UTC unless it has a zone) and seconds
//     since 1970, years 1 to 9999; parts of a microsecond are cut.
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
	case Timestamp:
		return toTimestamp(v)
	default:
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
	case Text:
		return t.Convert(s)
	case Float, Double:
		if f, ok := parseFloat(s); ok {
			return t.Convert(f)
		}
		return nil, t.refuse(s)
	case Timestamp:
		if f, ok := parseFloat(s); ok {
			return t.Convert(f)
		}
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

func (t Type) refuse(v any) error {
	return fmt.Errorf("%s does not take %s", t, describe(v))
}

// describe names a value from outside for an error: short, quoted and ASCII.
func describe(v any) string {
	const most = 32
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "the boolean " + strconv.FormatBool(v)
	case int64, uint64:
		return fmt.Sprintf("the integer %d", v)
	case *big.Int:
		if v.BitLen() > 256 {
			return fmt.Sprintf("an integer of %d bits", v.BitLen())
		}
		return "the integer " + v.String()
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		if len(v) > most {
			return "the text " + strconv.QuoteToASCII(v[:most]) + "..."
		}
		return "the text " + strconv.QuoteToASCII(v)
	case []byte:
		return count(len(v), "byte")
	case []any:
		return "a list of " + count(len(v), "value")
	case map[string]any:
		return "a map"
	case time.Time:
		return "the time " + v.UTC().Format(time.RFC3339Nano)
	case protocol.DataFrame:
		return "a DataFrame"
	}
	return fmt.Sprintf("a %T", v)
}

func toDouble(v any) (any, error) {
	switch n := v.(type) {
	case float64:
		return v, nil
	case int64:
		if f := float64(n); f < 1<<63 && int64(f) == n {
			return f, nil
		}
	case uint64:
		if f := float64(n); f < 1<<64 && uint64(f) == n {
			return f, nil
		}
	case *big.Int:
		if f, acc := n.Float64(); acc == big.Exact && !math.IsInf(f, 0) {
			return f, nil
		}
	default:
		return nil, Double.refuse(v)
	}
	return nil, fmt.Errorf("DOUBLE does not hold %s exactly", describe(v))
}

func toFloat(v any) (any, error) {
	var f float64
	switch n := v.(type) {
	case float64:
		f = n
	case int64:
		return float32(n), nil
	case uint64:
		return float32(n), nil
	case *big.Int:
		f, _ = n.Float64()
		if math.IsInf(f, 0) {
			return nil, fmt.Errorf("%s is outside the range of FLOAT", describe(v))
		}
	default:
		return nil, Float.refuse(v)
	}
	g := float32(f)
	if math.IsInf(float64(g), 0) && !math.IsInf(f, 0) {
		return nil, fmt.Errorf("%s is outside the range of FLOAT", describe(v))
	}
	return g, nil
}
