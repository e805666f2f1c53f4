package nap_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/rembus-go/rembus/internal/nap"
)

// TestFor: it sleeps, and no longer than asked for by whole seconds.
func TestFor(t *testing.T) {
	nap.For(-time.Hour)
	nap.For(0)
	begin := time.Now()
	for time.Since(begin) < time.Millisecond { // a signal may wake it up
		nap.For(time.Millisecond)
	}
	nap.For(time.Hour) // at most Longest
	if took := time.Since(begin); took > time.Hour/2 {
		t.Errorf("took %v", took)
	}
}

// TestAllow: there is more room, then as much as before.
func TestAllow(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	release := nap.Allow(3)
	if n := runtime.GOMAXPROCS(0); n != before+3 {
		t.Errorf("%d of %d", n, before)
	}
	release()
	if n := runtime.GOMAXPROCS(0); n != before {
		t.Errorf("%d of %d", n, before)
	}
}
