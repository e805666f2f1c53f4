package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/rembus-go/rembus/protocol"
)

// toJSON takes text that is JSON, as it is, and what JSON can express.
func toJSON(v any) (any, error) {
	if s, ok := v.(string); ok {
		if err := checkJSON(s); err != nil {
			return nil, fmt.Errorf("JSON takes text that is JSON, not %s: %w", describe(v), err)
		}
		return v, nil
	}
	if err := expressible(v, 0); err != nil {
		return nil, fmt.Errorf("JSON does not take %s: %w", describe(v), err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, JSON.refuse(v)
	}
	return string(bytes.TrimSuffix(out.Bytes(), []byte{'\n'})), nil
}

var (
	errDeep      = fmt.Errorf("it is nested deeper than %d", maxNesting)
	errUTF8      = errors.New("it holds text that is not valid UTF-8")
	errSyntaxOf  = errors.New("it is not well formed")
	errSurrogate = errors.New("it holds half of a surrogate pair")
	errNumber    = errors.New("JSON has neither NaN nor infinity")
	errNoForm    = errors.New("it has no form in JSON")
)

// expressible says why a decoded value cannot be written as JSON, if so.
func expressible(v any, depth int) error {
	if depth > maxNesting {
		return errDeep
	}
	switch v := v.(type) {
	case nil, bool, int64, uint64, *big.Int, time.Time, protocol.Decimal:
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errNumber
		}
	case string:
		if !utf8.ValidString(v) {
			return errUTF8
		}
	case []any:
		for i := range v {
			if err := expressible(v[i], depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range v {
			if !utf8.ValidString(key) {
				return errUTF8
			}
			if err := expressible(item, depth+1); err != nil {
				return err
			}
		}
	default:
		return errNoForm
	}
	return nil
}

// checkJSON says why s is no JSON that DuckDB takes, if so: it is stricter than
// encoding/json about surrogates, and what it reads must not nest without bound.
func checkJSON(s string) error {
	if !utf8.ValidString(s) {
		return errUTF8
	}
	if !json.Valid([]byte(s)) {
		return errSyntaxOf
	}
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			n, err := escape(s[i:])
			if err != nil {
				return err
			}
			i += n - 1
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxNesting {
				return errDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// escape returns the length of the escape that s, well-formed JSON, begins with; a
// surrogate must be followed by its other half.
func escape(s string) (int, error) {
	if s[1] != 'u' {
		return 2, nil
	}
	switch unit(s) &^ 0x3ff {
	case 0xd800:
		if len(s) < 12 || s[6] != '\\' || s[7] != 'u' || unit(s[6:])&^0x3ff != 0xdc00 {
			return 0, errSurrogate
		}
		return 12, nil
	case 0xdc00:
		return 0, errSurrogate
	}
	return 6, nil
}

// unit is the code unit that an escape such as \u00e9 stands for.
func unit(s string) uint64 {
	n, _ := strconv.ParseUint(s[2:6], 16, 16)
	return n
}
