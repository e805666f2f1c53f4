package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// rate is a flag: messages a second, or in another time. Zero is no limit.
type rate struct {
	number float64
	per    time.Duration
	text   string
}

func (r *rate) String() string { return r.text }

func (r *rate) Type() string { return "N/s" }

func (r *rate) Set(s string) error {
	number, unit, _ := strings.Cut(s, "/")
	per, ok := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(n >= 1e-6) || n > 1e9 {
		return fmt.Errorf("%q is no rate such as 10, 10/s, 5/m or 100/h", s)
	}
	*r = rate{number: n, per: per, text: s}
	return nil
}

// interval is the time from one message to the next.
func (r *rate) interval() time.Duration {
	if r.number == 0 {
		return 0
	}
	return time.Duration(float64(r.per) / r.number)
}

// pacer keeps a distance between messages.
type pacer struct {
	interval time.Duration
	next     time.Time
}

// maxLate is how far the pacer falls behind and still catches up; after a longer
// pause there is no burst.
const maxLate = 100 * time.Millisecond

// wait returns when the next message is due, or ctx ended.
func (p *pacer) wait(ctx context.Context) error {
	if p.interval == 0 {
		return nil
	}
	now := time.Now()
	if p.next.IsZero() || now.Sub(p.next) > maxLate {
		p.next = now
	}
	due := p.next
	p.next = due.Add(p.interval)
	if !due.After(now) {
		return nil
	}
	t := time.NewTimer(due.Sub(now))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
