// Package nap waits for fractions of a millisecond, which the timers of the Go runtime
// round up to whole ones on Linux: too coarse for who sends at a rate and measures how long
// that takes.
package nap

import (
	"runtime"
	"time"
)

// Longest is the most that For takes at a time. A nap cannot be ended.
const Longest = 2 * time.Millisecond

// For sleeps for d, or for Longest if d is more. It keeps a thread, and until the runtime
// notices a place among GOMAXPROCS too: only few goroutines of a process should nap, see
// Allow. Safe for concurrent use.
func For(d time.Duration) {
	if d > 0 {
		sleep(min(d, Longest))
	}
}

// Allow raises GOMAXPROCS by n, the number of goroutines that nap, until they have ended
// and call release.
func Allow(n int) (release func()) {
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
	return func() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) - n) }
}
