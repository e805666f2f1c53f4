package arrowipc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/rembus-go/rembus/protocol"
)

func init() {
	protocol.RegisterFrameJSON(func(df protocol.DataFrame) ([]byte, error) { return Rows(df, MaxRows) })
}

// MaxRows is the longest JSON that a DataFrame becomes for a JSON client, in
// bytes: no longer message could be sent.
const MaxRows = 64 << 20

// Rows returns an IPC stream as a JSON array of one object a row, with the
// columns in their order. Integers keep all their digits, byte strings become
// base64, times text in RFC 3339, dates text such as 2026-01-31, decimals with digits behind
// the point text that has all of them, NaN and infinities null. It fails when the
// JSON has more than limit bytes, or a column is nested.
func Rows(stream []byte, limit int) ([]byte, error) {
	f, err := Decode(stream, Limits{})
	if err != nil {
		return nil, err
	}
	names := make([][]byte, f.Schema.NumFields())
	for i, field := range f.Schema.Fields() {
		if names[i], err = json.Marshal(field.Name); err != nil {
			return nil, err
		}
	}
	out := []byte{'['}
	for _, b := range f.Batches {
		for row := range int(b.NumRows()) {
			if len(out) > 1 {
				out = append(out, ',')
			}
			if out, err = appendRow(out, names, b.Columns(), row); err != nil {
				return nil, err
			}
			if len(out) >= limit {
				return nil, fmt.Errorf("DataFrame too large for JSON: more than %d bytes", limit)
			}
		}
	}
	return append(out, ']'), nil
}

func appendRow(out []byte, names [][]byte, cols []arrow.Array, row int) ([]byte, error) {
	out = append(out, '{')
	for i, col := range cols {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, names[i]...), ':')
		v, err := Shown(col, row)
		if err != nil {
			return nil, err
		}
		if out, err = appendJSON(out, v); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func appendJSON(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(out, v, 10), nil
	case uint64:
		return strconv.AppendUint(out, v, 10), nil
	case *big.Int:
		return v.Append(out, 10), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case []byte:
		out = append(out, '"')
		out = base64.StdEncoding.AppendEncode(out, v)
		return append(out, '"'), nil
	case time.Time:
		return v.UTC().AppendFormat(out, `"2006-01-02T15:04:05.999999999Z"`), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(out, "null"...), nil
		}
	}
	text, err := json.Marshal(v)
	return append(out, text...), err
}
