package main

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// duration is a flag that takes 10s, 1h30m, or plain seconds as Rembus does.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

func (d *duration) Type() string { return "duration" }

func (d *duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil {
		seconds, ferr := strconv.ParseFloat(s, 64)
		if ferr != nil || math.IsNaN(seconds) || math.Abs(seconds) > 1e9 {
			return fmt.Errorf("%q is no duration such as 10s or 1h30m", s)
		}
		v = time.Duration(seconds * float64(time.Second))
	}
	if v <= 0 {
		return fmt.Errorf("%q: the duration must be positive", s)
	}
	*d = duration(v)
	return nil
}

// size is a flag that takes bytes, or 64KiB, 16MiB, 1GiB.
type size int64

var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

func (n *size) String() string {
	for _, u := range units {
		if int64(*n) >= u.bytes && int64(*n)%u.bytes == 0 {
			return strconv.FormatInt(int64(*n)/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*n), 10)
}

func (n *size) Type() string { return "size" }

func (n *size) Set(s string) error {
	number, factor := s, int64(1)
	for _, u := range units {
		if before, ok := strings.CutSuffix(s, u.name); ok {
			number, factor = strings.TrimSpace(before), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0) || v*float64(factor) > 1<<53 {
		return fmt.Errorf("%q is no size such as 1048576, 64KiB, 16MiB or 1GiB", s)
	}
	*n = size(v * float64(factor))
	return nil
}

// escape makes a name safe as one element of a path, whatever is in it.
func escape(name string) string {
	s := url.PathEscape(name)
	if strings.Trim(s, ".") == "" {
		s = strings.ReplaceAll(s, ".", "%2E")
	}
	return s
}

// timezone is a flag that takes a name of the time zone database.
type timezone struct{ location *time.Location } // nil is UTC

func (z *timezone) String() string { return z.location.String() }

func (z *timezone) Type() string { return "zone" }

func (z *timezone) Set(s string) error {
	location, err := time.LoadLocation(s)
	if err != nil || s == "" {
		return fmt.Errorf("%q is no time zone such as UTC, Local or Europe/Rome", s)
	}
	z.location = location
	return nil
}
