package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/journal"
)

// TestJudge: what each snapshot means.
func TestJudge(t *testing.T) {
	limits := healthLimits{lakeLag: 10 * time.Second, diskLow: 1 << 30}
	good := func() *journal.Health { return &journal.Health{Bytes: 1, HardCap: 2} }
	behind := func(lag time.Duration) *lakeSnapshot { return &lakeSnapshot{position: 10, behind: 7, lag: lag} }
	for name, c := range map[string]struct {
		snapshot
		want string // the state and the codes of its reasons, in order
		text string // in the reasons
	}{
		"all is well":             {snapshot{journal: good(), lake: behind(9 * time.Second), disk: &diskSpace{1 << 30, 2 << 30}}, "green", ""},
		"nothing but a journal":   {snapshot{journal: good()}, "green", ""},
		"unstored is history":     {snapshot{journal: &journal.Health{Unstored: 5}, lake: &lakeSnapshot{refused: 3}}, "green", ""},
		"no journal":              {snapshot{}, "green, note no-journal", ""},
		"memory full":             {snapshot{memoryFull: true}, "degraded log-full, note no-journal", "QoS 1 and 2 is refused"},
		"journal failed":          {snapshot{journal: &journal.Health{State: journal.Failed, Reason: errors.New("EIO")}}, "read-only journal-failed", "restarted: EIO"},
		"journal full":            {snapshot{journal: &journal.Health{State: journal.Full, Reason: errors.New("ENOSPC")}}, "degraded journal-full", "room: ENOSPC"},
		"journal damaged":         {snapshot{journal: &journal.Health{Damaged: 2}}, "degraded journal-damaged", "2 damaged places"},
		"lake red":                {snapshot{journal: good(), lake: &lakeSnapshot{err: errors.New("a\x1b\nb")}}, "degraded lake-failed", "again: a  b"},
		"lake red, error endless": {snapshot{journal: good(), lake: &lakeSnapshot{err: errors.New(strings.Repeat("é", 1000))}}, "degraded lake-failed", "é…"},
		"lake damaged":            {snapshot{journal: good(), lake: &lakeSnapshot{damage: "set aside as x"}}, "degraded lake-damaged", "file: set aside as x"},
		"lake behind":             {snapshot{journal: good(), lake: behind(11 * time.Second)}, "degraded lake-behind", "7 messages behind, the oldest has waited for 11s"},
		"lake still behind":       {snapshot{before: []reason{{Code: "lake-behind"}}, journal: good(), lake: behind(6 * time.Second)}, "degraded lake-behind", ""},
		"lake caught up":          {snapshot{before: []reason{{Code: "lake-behind"}}, journal: good(), lake: behind(5 * time.Second)}, "green", ""},
		"disk low":                {snapshot{journal: good(), disk: &diskSpace{1<<30 - 1, 2 << 30}}, "degraded disk-low", "1024.0 MiB of 2.0 GiB"},
		"disk still low":          {snapshot{before: []reason{{Code: "disk-low"}}, journal: good(), disk: &diskSpace{1<<30 + 1, 2 << 30}}, "degraded disk-low", ""},
		"disk has room again":     {snapshot{before: []reason{{Code: "disk-low"}}, journal: good(), disk: &diskSpace{1<<30 + 1<<27, 2 << 30}}, "green", ""},
		"disk of zfs in the sky":  {snapshot{journal: good(), disk: &diskSpace{math.MaxInt64, math.MaxInt64}}, "green", ""},
		"all at once": {snapshot{journal: &journal.Health{State: journal.Failed, Damaged: 1}, lake: &lakeSnapshot{lag: time.Hour, err: errors.New("x")}, disk: &diskSpace{}},
			"read-only journal-failed lake-failed lake-behind disk-low journal-damaged", "0 bytes of 0 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			c.limits = limits
			v := c.judge()
			got, texts := v.state, ""
			for _, r := range v.reasons {
				got += " " + r.Code
				texts += r.Text + "\n"
				if len(r.Text) > 500 {
					t.Errorf("%s has %d bytes", r.Code, len(r.Text))
				}
			}
			for _, n := range v.notes {
				got += ", note " + n.Code
			}
			if got != c.want || !strings.Contains(texts, c.text) {
				t.Errorf("%s, want %s with %q in\n%s", got, c.want, c.text, texts)
			}
		})
	}
}

// TestLag: the age of the oldest message not read, whatever the reader does.
func TestLag(t *testing.T) {
	start := time.Now()
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	var l lag
	for _, c := range []struct {
		second        int
		end, position uint64
		want          int // seconds
	}{
		{0, 0, 0, 0}, {1, 10, 10, 0},
		{2, 20, 10, 0}, {3, 30, 20, 0}, {4, 40, 30, 0}, // a step behind, at work
		{5, 50, 30, 1}, {6, 60, 39, 2}, {7, 60, 40, 2}, {9, 60, 60, 0}, // slow, then level
		{10, 70, 60, 0}, {20, 70, 69, 10}, {21, 70, 70, 0}, // stuck, and nothing new
		{22, 70, 80, 0}, // the position is ahead of what was seen of the end
	} {
		if got := l.measure(at(c.second), c.end, c.position); got != time.Duration(c.want)*time.Second {
			t.Errorf("second %d: %v, want %d s", c.second, got, c.want)
		}
	}
	l = lag{}
	for s := range 100_000 { // more than a day
		l.measure(at(s), uint64(s+1), 0)
	}
	if got := l.measure(at(100_000), 100_001, 0); got != 100_000*time.Second {
		t.Errorf("%v after a day", got)
	}
	if len(l.marks) > maxMarks {
		t.Errorf("%d marks", len(l.marks))
	}
	if got := l.measure(at(100_000), 100_001, 50_000).Seconds(); got < 40_000 || got > 60_000 {
		t.Errorf("%v seconds, when half is read", got)
	}
}

// TestMonitor: a line at each change of state or reasons, by itself, and none else.
func TestMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		now := &snapshot{journal: &journal.Health{}}
		m := &monitor{
			logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}})),
			collect: func(time.Time) *snapshot { s := *now; return &s },
			last:    verdict{state: green}, since: time.Now(),
		}
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		go m.run(ctx)
		next := func(s *snapshot) {
			t.Helper()
			m.mu.Lock()
			now = s
			m.mu.Unlock()
			time.Sleep(10 * lookEvery) // of the fake clock
			synctest.Wait()
		}
		next(now)
		next(&snapshot{journal: &journal.Health{Damaged: 1}})
		next(&snapshot{journal: &journal.Health{Damaged: 2}}) // a number, no other reason
		next(&snapshot{journal: &journal.Health{Damaged: 2}, lake: &lakeSnapshot{err: errors.New("x")}})
		next(&snapshot{journal: &journal.Health{State: journal.Failed, Reason: errors.New("EIO")}})
		next(&snapshot{journal: &journal.Health{}})
		cancel()
		synctest.Wait()
		want := []string{
			`level=WARN msg="health: degraded" journal-damaged="1 damaged places in the journal; rembusd journal verify names them"`,
			`level=WARN msg="health: degraded" lake-failed="the lake takes nothing and tries again: x" journal-damaged="2 damaged places in the journal; rembusd journal verify names them"`,
			`level=ERROR msg="health: read-only" journal-failed="nothing is stored or acked until the disk is in order and the broker restarted: EIO"`,
			`level=INFO msg="health: green"`,
		}
		if got := strings.Split(strings.TrimSpace(out.String()), "\n"); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s", out.String())
		}
		if since := m.since.Sub(began).Round(time.Second); since < 50*time.Second || since > 51*time.Second {
			t.Errorf("green again after %v", since)
		}
	})
}
