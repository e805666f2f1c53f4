package lake

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// question is the argument of query_T and delete_T.
type question struct {
	where         string   // "" for none
	cols          []string // nil for all
	when          any      // the instant that was asked for, nil for now
	limit, offset int64    // of the rows; a limit of -1 is none
	paged         bool     // the rows must come in an order that they keep
}

// queryOf reads none, null, or one map with the keys that are allowed.
func queryOf(p *protocol.Payload, allowed ...string) (q question, err error) {
	q.limit = -1
	args, err := argsOf(p, 1)
	if err != nil || len(args) == 0 || args[0] == nil {
		return q, err
	}
	m, ok := args[0].(map[string]any)
	if !ok {
		return q, exception("a map is expected")
	}
	for key, v := range m {
		if !slices.Contains(allowed, key) {
			return q, exception("invalid key %.60q", key)
		}
		if v == nil {
			continue
		}
		if err := q.set(key, v); err != nil {
			return q, err
		}
	}
	return q, nil
}

func (q *question) set(key string, v any) (err error) {
	var ok bool
	switch key {
	case "where":
		if q.where, ok = v.(string); !ok || q.where == "" {
			return exception("where must be a text that is not empty")
		}
	case "cols":
		if q.cols, ok = columnsFrom(v); !ok {
			return exception("cols must be a text or a list of texts, not empty")
		}
	case "when":
		q.when = v
	case "limit":
		q.paged = true
		q.limit, err = rowsFrom(key, v)
	case "offset":
		q.paged = true
		q.offset, err = rowsFrom(key, v)
	}
	return err
}

func columnsFrom(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, v != ""
	case []any:
		cols := make([]string, len(v))
		for i := range v {
			var ok bool
			if cols[i], ok = v[i].(string); !ok {
				return nil, false
			}
		}
		return cols, len(cols) > 0
	}
	return nil, false
}

// rowsFrom reads a number of rows. Some clients have no numbers but floats.
func rowsFrom(key string, v any) (int64, error) {
	const most = 1 << 53
	switch n := v.(type) {
	case int64:
		if n >= 0 && n <= most {
			return n, nil
		}
	case float64:
		if n >= 0 && n <= most && n == math.Trunc(n) {
			return int64(n), nil
		}
	}
	return 0, exception("%s must be a whole number of rows, not negative", key)
}

// instantFrom reads an instant, a text without a zone being the time in zone.
func instantFrom(v any, zone *time.Location) (time.Time, error) {
	got, err := schema.Timestamp.Convert(v)
	t, ok := got.(time.Time)
	if err != nil || !ok {
		return t, exception("when must be seconds since 1970, with or without a fraction, " +
			"or a text such as 2026-01-31T10:20:30, 2026-01-31T10:20:30.5+01:00 or 2026-01-31, in the years 1 to 9999")
	}
	if text, ok := v.(string); ok && !zoned(text) {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	}
	return t.UTC(), nil
}

// zoned reports whether an instant in ISO 8601 has a zone.
func zoned(text string) bool {
	const date = len("2026-01-31")
	return len(text) > date && strings.ContainsAny(text[date:], "zZ+-")
}
