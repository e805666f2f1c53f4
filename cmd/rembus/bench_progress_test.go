package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/component"
)

// steady is a load that does the same every second.
type steady struct {
	load
	since time.Time
}

func (l *steady) count() *counts {
	n := uint64(time.Since(l.since) / time.Second)
	c := &counts{sent: 2000 * n, received: 4000 * n, failed: n / 2}
	for range n {
		c.latency.add(1500 * time.Microsecond)
		c.ack.add(100)
	}
	return c
}

// TestBenchProgress: one line that is replaced on a terminal, else a line each time; nothing
// once it is quiet.
func TestBenchProgress(t *testing.T) {
	for name, c := range map[string]struct {
		bench
		terminal bool
		want     string
	}{
		"terminal": {bench{subscribers: 2, every: time.Second}, true,
			"1s  2,000 messages/s, 4,000 deliveries/s, p99 1.5ms\r\x1b[K2s  2,000 messages/s, 4,000 deliveries/s, p99 1.5ms, 1 failed\r\x1b[K"},
		"lines": {bench{subscribers: 2, every: 2 * time.Second}, false, "rembus: 2s  2,000 messages/s, 4,000 deliveries/s, p99 1.5ms, 1 failed\n"},
		"calls": {bench{callers: 1, every: 2 * time.Second}, false, "rembus: 2s  2,000 calls/s, p99 1.5ms, 1 failed\n"},
		"acks":  {bench{every: 2 * time.Second}, false, "rembus: 2s  2,000 messages/s, p99 100ns, 1 failed\n"},
		"none":  {bench{}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bytes.Buffer
				console := &console{w: &b, terminal: c.terminal}
				quiet := c.watch(&steady{since: time.Now()}, &crew{began: time.Now()}, console)
				<-time.After(2*time.Second + 1)
				synctest.Wait()
				quiet()
				<-time.After(time.Hour)
				if b.String() != c.want {
					t.Errorf("printed %q, want %q", b.String(), c.want)
				}
			})
		})
	}
}

// TestTrouble: the first failures are told, all are counted, and what does nothing but fail
// is ended.
func TestTrouble(t *testing.T) {
	var b bytes.Buffer
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	trouble := &trouble{console: newConsole(&b)}
	trouble.limit(cancel)
	trouble.add(component.ErrClosed)
	for range maxTrouble - 2 {
		trouble.add(errors.New("refused"))
	}
	if ctx.Err() != nil {
		t.Error("ended early")
	}
	if lines := bytes.Count(b.Bytes(), []byte("\n")); lines != maxTold || !bytes.Contains(b.Bytes(), []byte("only counted")) {
		t.Errorf("told in %d lines: %s", lines, b.String())
	}
	trouble.add(errors.New("refused"))
	trouble.add(errors.New("refused"))
	if err := context.Cause(ctx); err == nil || err.Error() != "given up after 10000 failures" {
		t.Errorf("ended by %v", err)
	}
}
