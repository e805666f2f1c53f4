package lake

import (
	"database/sql/driver"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/protocol"
)

// Limits of the parameters of a query: they are for values, not for rows.
const (
	maxParams     = 256
	maxParamBytes = 64 << 10 // of all texts and byte strings
)

// parameters are the values of a query's parameters, for the guard and for DuckDB.
type parameters struct {
	values guard.Params
	named  []driver.NamedValue
}

// sqlOf reads a text and values, or a text and one map for parameters with names. It
// takes off the semicolon that people end a query with.
func sqlOf(p *protocol.Payload) (text string, params parameters, err error) {
	args, err := argsOf(p, 1+maxParams)
	if err != nil {
		return "", params, err
	}
	if len(args) == 0 {
		return "", params, exception(`sql needs a query, such as "SELECT count(*) FROM telemetry"`)
	}
	text, ok := args[0].(string)
	if !ok {
		return "", params, exception("the first argument of sql must be a text")
	}
	if text = strings.TrimSpace(text); strings.HasSuffix(text, ";") {
		text = strings.TrimSpace(strings.TrimSuffix(text, ";"))
	}
	params.values = make(guard.Params)
	left := maxParamBytes
	add := func(name string, v any) error {
		v, size, ok := parameter(v)
		if !ok {
			return exception("parameter %.60q must be one value: no list, map or DataFrame", "$"+name)
		}
		if left -= size; left < 0 {
			return exception("parameters of more than %d bytes", maxParamBytes)
		}
		params.values[name] = v
		params.named = append(params.named, driver.NamedValue{Name: name, Value: v})
		return nil
	}
	if m, ok := onlyMap(args[1:]); ok {
		for name, v := range m {
			if err := add(name, v); err != nil {
				return "", params, err
			}
		}
		return text, params, nil
	}
	for i, v := range args[1:] {
		if err := add(strconv.Itoa(i+1), v); err != nil {
			return "", params, err
		}
	}
	return text, params, nil
}

func onlyMap(args []any) (map[string]any, bool) {
	if len(args) != 1 {
		return nil, false
	}
	m, ok := args[0].(map[string]any)
	return m, ok
}

// parameter returns v as DuckDB's driver binds it, if it is one value.
func parameter(v any) (bound any, size int, ok bool) {
	switch v := v.(type) {
	case nil, bool, int64, uint64, float64:
		return v, 0, true
	case string:
		return v, len(v), true
	case []byte:
		return v, len(v), true
	case *big.Int: // DuckDB makes the type of it that it is compared with
		return v.String(), 0, true
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999"), 0, true
	}
	return nil, 0, false
}
