package schema

import (
	"fmt"
	"strings"
	"time"
)

// toDate refuses what has a time of day: nothing says that it may be dropped.
func toDate(v any) (any, error) {
	var at time.Time
	switch n := v.(type) {
	case time.Time:
		at = n
	case string:
		var ok bool
		if at, ok = parseTime(n); !ok {
			return nil, fmt.Errorf("DATE takes text such as 2026-01-31, not %s", describe(v))
		}
	default:
		return nil, Date.refuse(v)
	}
	at, err := Date.inYears(at, v)
	if err != nil {
		return nil, err
	}
	if h, m, s := at.Clock(); h+m+s+at.Nanosecond() != 0 {
		return nil, fmt.Errorf("DATE takes no time of day but midnight UTC, not %s", describe(v))
	}
	return at, nil
}

// toTime takes text only: a number could mean seconds, milliseconds or more, and
// a time is of a certain day.
func toTime(v any) (any, error) {
	const longest = 32
	s, ok := v.(string)
	if !ok {
		return nil, Time.refuse(v)
	}
	for _, layout := range []string{"15:04:05", "15:04"} {
		// time.Parse also takes hours of one digit, and a comma for the point.
		if len(s) < len(layout) || len(s) > longest || s[2] != ':' || strings.Contains(s, ",") {
			continue
		}
		if at, err := time.Parse(layout, s); err == nil {
			return time.Date(1970, 1, 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC).Truncate(time.Microsecond), nil
		}
	}
	return nil, fmt.Errorf("TIME takes text such as 10:20:30.5, not %s", describe(v))
}
