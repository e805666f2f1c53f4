package schema

import (
	"fmt"
	"math"
	"math/big"
	"time"
)

// layouts are the forms of ISO 8601 and RFC 3339 that are accepted, after a
// space between date and time has become a T. A fraction may follow the
// seconds in each.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05Z07",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02",
}

// Seconds since 1970 of the years 1 to 9999: what every client can show.
var (
	firstSecond = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	lastSecond  = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix() - 1
)

func (t Type) toTimestamp(v any) (any, error) {
	switch n := v.(type) {
	case time.Time:
		return t.inYears(n, v)
	case string:
		if at, ok := parseTime(n); ok {
			return t.inYears(at, v)
		}
		return nil, fmt.Errorf("%s takes text such as 2026-01-31T10:20:30Z, not %s", t, describe(v))
	case int64:
		if n >= firstSecond && n <= lastSecond {
			return time.Unix(n, 0).UTC(), nil
		}
	case float64:
		if s := math.Floor(n); s >= float64(firstSecond) && s <= float64(lastSecond) {
			// Round: a float of seconds has about 0.2 µs of noise.
			micro := int64(math.Round((n - s) * 1e6))
			return t.inYears(time.Unix(int64(s), micro*1000), v)
		}
	case uint64, *big.Int:
	default:
		return nil, t.refuse(v)
	}
	return nil, fmt.Errorf("%s takes seconds since 1970 in the years 1 to 9999, not %s", t, describe(v))
}

func (t Type) inYears(at time.Time, v any) (time.Time, error) {
	if s := at.Unix(); s < firstSecond || s > lastSecond {
		return time.Time{}, fmt.Errorf("%s takes the years 1 to 9999, not %s", t, describe(v))
	}
	return at.UTC().Truncate(time.Microsecond), nil
}

func parseTime(s string) (time.Time, bool) {
	const longest = 40
	if len(s) < len("2006-01-02") || len(s) > longest {
		return time.Time{}, false
	}
	if len(s) > 10 && (s[10] == ' ' || s[10] == 't') {
		s = s[:10] + "T" + s[11:]
	}
	if last := len(s) - 1; s[last] == 'z' {
		s = s[:last] + "Z"
	}
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
