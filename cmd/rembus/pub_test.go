package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

func TestRate(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10": 100 * time.Millisecond, "10/s": 100 * time.Millisecond, "0.5": 2 * time.Second,
		"5/m": 12 * time.Second, "100/h": 36 * time.Second, "1e9": 1,
	} {
		var r rate
		if err := r.Set(text); err != nil || r.interval() != want || r.String() != text {
			t.Errorf("%s: %v, %v, want %v", text, r.interval(), err, want)
		}
	}
	for _, text := range []string{"", "0", "-1", "x", "1/d", "1/s/s", "NaN", "Inf", "1e10", "1e-9"} {
		if err := new(rate).Set(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// TestPacer: the distance is kept over any number of messages; after a pause there
// is no burst.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pacer{interval: 10 * time.Millisecond}
		start := time.Now()
		wait := func(n int) {
			t.Helper()
			for range n {
				if err := p.wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		wait(101)
		if got := time.Since(start); got != time.Second {
			t.Errorf("101 messages took %v", got)
		}
		<-time.After(time.Hour)
		start = time.Now()
		wait(11)
		if got := time.Since(start); got != 100*time.Millisecond {
			t.Errorf("11 messages after a pause took %v", got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("wait of an ended context: %v", err)
		}
	})
}

// TestProgress: on a terminal, and only when it takes long, a line shows how far
// publishing is, and it is gone before anything else is printed.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		console := &console{w: &b, terminal: true}
		tally := newTally(console)
		stop := tally.watch()
		<-time.After(progressAfter - 1)
		if b.Len() > 0 {
			t.Errorf("printed at once: %q", b.String())
		}
		tally.refused(errors.New("no JSON"))
		<-time.After(2)
		synctest.Wait()
		if got, want := b.String(), "rembus: no JSON\n0 published, 1 failed"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		b.Reset()
		console.say("connected again")
		if got, want := b.String(), "\r\x1b[Krembus: connected again\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if err := tally.end(); err == nil || err.Error() != "1 of 1 messages were not published" {
			t.Errorf("end: %v", err)
		}
		stop()
	})
}

func TestNoProgressWithoutTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		tally := newTally(newConsole(&b))
		stop := tally.watch()
		<-time.After(time.Hour)
		if err := tally.end(); err != nil {
			t.Error(err)
		}
		stop()
		if b.Len() > 0 {
			t.Errorf("printed %q", b.String())
		}
	})
}

// TestFailuresAreToldOnce: attempts to reconnect fail alike for hours.
func TestFailuresAreToldOnce(t *testing.T) {
	var b bytes.Buffer
	console := newConsole(&b)
	for range 3 {
		console.failure(errors.New("rembus: refused\x1b"))
	}
	console.back()
	console.failure(errors.New("rembus: refused\x1b"))
	if want := "rembus: refused\\u001b\nrembus: connected again\nrembus: refused\\u001b\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestInputThatFails(t *testing.T) {
	s := newLineSource(iotest.ErrReader(errors.New("disk on fire")), 0)
	if _, more, err := s.next(t.Context()); more || err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("got %v, %v", more, err)
	}
	s = newLineSource(strings.NewReader("1\n"+strings.Repeat(" ", protocol.DefaultLimits().MaxMessage)), 0)
	if _, more, err := s.next(t.Context()); !more || err != nil {
		t.Errorf("first line: %v, %v", more, err)
	}
	if _, more, err := s.next(t.Context()); more || err == nil || !strings.Contains(err.Error(), "line 2 of the input is longer") {
		t.Errorf("got %v, %v", more, err)
	}
}

// FuzzArgument: what is taken for JSON is well-formed and nested no deeper than
// brokers allow; the error of anything else may be printed.
func FuzzArgument(f *testing.F) {
	for _, seed := range []string{
		`1`, `"text"`, `text`, `{"a": [1, 2.5]}`, `'x'`, "\x1b[31m", `"\"[[["`, strings.Repeat("[", 40), strings.Repeat("[", 30) + strings.Repeat("]", 30),
		`1e999`, strings.Repeat("9", 60), strings.Repeat("é", 200), "", `"\\"`, "\"\xff\"",
	} {
		f.Add(seed)
	}
	limits := protocol.DefaultLimits()
	f.Fuzz(func(t *testing.T, text string) {
		arg, err := argument(text)
		if err != nil {
			if msg := err.Error(); strings.ContainsAny(msg, "\x1b\r\n\a") || len(msg) > 2000 {
				t.Fatalf("unprintable error: %q", msg)
			}
			return
		}
		data, err := protocol.EncodeArgs(arg)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		frame, enc, _, err := protocol.NewComponentCodec(limits, protocol.CBOR).Encode(protocol.NewPub("t", data), nil)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if _, err := protocol.NewCodec(limits, protocol.CBOR).Decode(enc, frame); err != nil {
			t.Fatalf("a broker refuses %q: %v", text, err)
		}
	})
}
