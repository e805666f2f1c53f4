package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLedger checks it against a set of numbers: messages come in order, late, again or
// not at all.
func TestLedger(t *testing.T) {
	const sent = 300
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var l ledger
		arrived := make(map[uint64]bool)
		for range 2 * sent {
			n := rnd.Uint64N(sent)
			if rnd.IntN(3) > 0 { // mostly in order
				n = min(l.next+uint64(rnd.IntN(3)), sent-1)
			}
			if fresh := l.arrive(n); fresh == arrived[n] {
				t.Fatalf("seed %d: message %d is fresh: %v, want %v", seed, n, fresh, !arrived[n])
			}
			arrived[n] = true
		}
		var excused []uint64
		want := uint64(sent - len(arrived))
		for n := range uint64(sent) {
			if rnd.IntN(4) == 0 {
				excused = append(excused, n)
				if !arrived[n] {
					want--
				}
			}
		}
		if got := l.lost(sent, excused); got != want {
			t.Fatalf("seed %d: %d lost, want %d", seed, got, want)
		}
	}
}

// TestLedgerIsBounded: however many gaps, all of what is missing is counted.
func TestLedgerIsBounded(t *testing.T) {
	var l ledger
	const sent = 100 * maxGaps
	for n := uint64(1); n < sent; n += 2 {
		l.arrive(n)
	}
	if len(l.gaps) > maxGaps {
		t.Errorf("%d gaps are kept", len(l.gaps))
	}
	if got := l.lost(sent, nil); got != sent/2 {
		t.Errorf("%d lost, want %d", got, sent/2)
	}
	l = ledger{}
	l.arrive(10 * maxGaps)
	for n := uint64(1); n < 10*maxGaps; n += 2 { // from one gap many
		l.arrive(n)
	}
	if got := l.lost(10*maxGaps+1, nil); len(l.gaps) > maxGaps || got < 5*maxGaps {
		t.Errorf("%d gaps, %d lost, want %d", len(l.gaps), got, 5*maxGaps)
	}
}

// TestLatency checks quantiles against a sorted list: never below, and at most 1.6 %
// above the true value.
func TestLatency(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var h latency
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(rnd.Uint64() >> (23 + rnd.IntN(40))) // up to 2^41
		h.add(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[max(int(q*float64(len(all)))-1, 0)]
		if got := h.quantile(q); got < want || float64(got) > float64(want)*1.016+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if h.max != all[len(all)-1] {
		t.Errorf("maximum %v, want %v", h.max, all[len(all)-1])
	}
	var n uint64
	for i, s := range h.steps() {
		n += s.count
		if i == 0 && s.count == 0 {
			t.Error("the first step is empty")
		}
	}
	if n != uint64(len(all)) {
		t.Errorf("the steps have %d, want %d", n, len(all))
	}
}

func TestLatencyAtItsEnds(t *testing.T) {
	var h latency
	if h.quantile(0.5) != 0 || h.mean() != 0 || h.steps() != nil {
		t.Errorf("without any: %v, %v, %v", h.quantile(0.5), h.mean(), h.steps())
	}
	h.add(-1)
	h.add(1<<63 - 1)
	if h.quantile(0.5) != 0 || h.max != 1<<63-1 {
		t.Errorf("got %v, %v", h.quantile(0.5), h.max)
	}
	for i := range latencyBuckets {
		if bucket(upper(i)) != i || i > 0 && bucket(upper(i-1)+1) != i {
			t.Fatalf("bucket %d does not follow the one before", i)
		}
	}
	before := h
	h.add(time.Second)
	h.merge(&before)
	d := h.since(&before)
	if got := d.quantile(0.01); d.n != 3 || got != 0 {
		t.Errorf("%d were added, the first is %v", d.n, got)
	}
	if got := d.quantile(0.5); got < time.Second || got > 1016*time.Millisecond {
		t.Errorf("the median of what was added is %v", got)
	}
	var steps latency
	for _, d := range []time.Duration{3 * time.Microsecond, 4 * time.Microsecond, 40 * time.Microsecond} {
		steps.add(d)
	}
	want := []step{{5 * time.Microsecond, 2}, {10 * time.Microsecond, 0}, {20 * time.Microsecond, 0}, {50 * time.Microsecond, 1}}
	if got := steps.steps(); !slices.Equal(got, want) {
		t.Errorf("steps %v, want %v", got, want)
	}
}

func TestStamp(t *testing.T) {
	for _, size := range []int{stampSize, 23, 24, 128, 70_000} {
		text := newText(size)
		for _, want := range []stamp{{}, {1, 2, 3}, {1<<55 - 1, 1<<48 - 1, 1<<16 - 1}} {
			text.put(want)
			got, ok := readStamp(text.raw, size)
			if !ok || got != want {
				t.Errorf("size %d: %v, %v, want %v", size, got, ok, want)
			}
		}
	}
}

// FuzzReadStamp: what anybody may publish to the topics of a run is a stamp or none.
func FuzzReadStamp(f *testing.F) {
	for _, size := range []int{stampSize, 128} {
		text := newText(size)
		text.put(stamp{at: time.Second, number: 7, sender: 1})
		f.Add(text.raw, size)
		f.Add(text.raw[:len(text.raw)-1], size)
	}
	f.Add([]byte{}, stampSize)
	f.Add([]byte("\x74------------------\x00"), stampSize)
	f.Fuzz(func(t *testing.T, arg []byte, size int) {
		if size < stampSize {
			return
		}
		s, ok := readStamp(arg, size)
		if !ok {
			return
		}
		again := newText(stampSize)
		again.put(s)
		if got, ok := readStamp(again.raw, stampSize); !ok || got != s {
			t.Errorf("%v is read back as %v, %v", s, got, ok)
		}
	})
}

// TestSchedule: no message is left out, however late; senders take turns.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rate
		if err := r.Set("100"); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		s := newSchedule(&r, 1, 2)
		for i := range 5 {
			if i == 2 {
				<-time.After(time.Hour)
			}
			due, err := s.wait(t.Context())
			if want := time.Duration(2*i+1) * 10 * time.Millisecond; err != nil || due.Sub(begin) != want {
				t.Errorf("message %d was due at %v, %v, want %v", i, due.Sub(begin), err, want)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, s := range []schedule{s, {}, {interval: time.Hour, next: time.Now().Add(time.Hour)}} {
			if _, err := s.wait(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("wait of an ended context: %v", err)
			}
		}
	})
}

// TestLead: a publisher waits for the slowest subscriber, but not for ever for one that
// gets nothing.
func TestLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at uint64
		l := newLead(8, func() uint64 { return at })
		begin := time.Now()
		for n := range uint64(8) {
			if err := l.wait(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error)
		go func() { done <- l.wait(t.Context(), 8) }()
		synctest.Wait()
		select {
		case <-done:
			t.Error("the publisher did not wait")
		default:
		}
		at = 3
		l.advance(0, 3)
		if err := <-done; err != nil || time.Since(begin) != 0 {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if err := l.wait(t.Context(), 11); err != nil || time.Since(begin) != stalled {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if err := l.wait(t.Context(), 18); err != nil || time.Since(begin) != stalled {
			t.Errorf("%v after %v, though 8 more may be sent", err, time.Since(begin))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.wait(ctx, 19); !errors.Is(err, context.Canceled) {
			t.Errorf("wait of an ended context: %v", err)
		}
	})
}

// TestJudge: what of a result is a problem, by QoS.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		report
		want string
	}{
		"QoS 0 may lose":     {report{QoS: 0, Lost: 5}, ""},
		"QoS 0 repeats":      {report{QoS: 0, Duplicates: 1}, "1 deliveries came again, which QoS 0 excludes"},
		"QoS 1 loses":        {report{QoS: 1, Lost: 1234}, "1,234 deliveries are missing"},
		"QoS 1 may repeat":   {report{QoS: 1, Duplicates: 5}, ""},
		"QoS 2 loses":        {report{QoS: 2, Lost: 1}, "are missing"},
		"QoS 2 repeats":      {report{QoS: 2, Duplicates: 1}, "which QoS 2 excludes"},
		"no acknowledgement": {report{QoS: 1, Failed: 1}, "1 messages were not acknowledged"},
		"calls fail":         {report{Callers: 1, Failed: 2}, "2 calls failed"},
		"foreign":            {report{Foreign: 1}, "were not what anybody of this run had sent"},
	} {
		t.Run(name, func(t *testing.T) {
			c.judge()
			err := c.verdict()
			if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 12345678: "12,345,678"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[float64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 2.5e9: "2.5 GB", 3e12: "3000.0 GB"} {
		if got := volume(n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0s", 17: "17ns", 12345: "12.35µs", 1234567890: "1.23s", 90 * time.Second: "1m30s"} {
		if got := short(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}
