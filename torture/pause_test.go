//go:build unix

package torture

import (
	"syscall"
	"testing"
	"time"
)

// TestStopAndContinue: fault 18, shortened. A broker that stood still for a while
// goes on with the connections that it had.
func TestStopAndContinue(t *testing.T) {
	ctx := bounded(t, patience)
	rnd := dice(t)
	b := newBroker(t, "--schema", "testdata/schema.json", "--ping-interval", "500ms")
	b.serve()
	l := usual(rnd)
	l.start(ctx, t, b)
	for range 3 {
		sleep(ctx, time.Duration(100+rnd.IntN(300))*time.Millisecond)
		b.signal(syscall.SIGSTOP)
		sleep(ctx, 1200*time.Millisecond) // longer than the pings wait
		b.signal(syscall.SIGCONT)
	}
	sleep(ctx, 300*time.Millisecond)
	l.drain(t)
	l.examine(ctx, t, b, true)
	for _, p := range l.publishers {
		if p.connects != 1 {
			t.Errorf("%s had %d connections", p.name, p.connects)
		}
	}
	for _, s := range l.subscribers {
		if s.online == nil && s.connects != 1 {
			t.Errorf("%s had %d connections", s.name, s.connects)
		}
	}
	b.stop()
	for _, line := range b.troubles() {
		t.Error(line)
	}
}
