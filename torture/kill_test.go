package torture

import (
	"testing"
	"time"
)

// TestKill: fault 1. rembusd is killed at random moments under load, some of
// them before it serves again; every acked QoS1 message must be there at least
// once and every acked QoS2 message exactly once, at every subscriber and in the
// lake, in each publisher's order.
func TestKill(t *testing.T) {
	kills := int(setting(t, "REMBUS_KILLS", 8))
	ctx := bounded(t, patience+time.Duration(kills)*3*time.Second)
	rnd := dice(t)
	b := newBroker(t, "--schema", "testdata/schema.json")
	b.serve()
	l := usual(rnd)
	l.start(ctx, t, b)
	begun := time.Now()
	batch := []string{"1ms", "250ms", "10m"} // 10m: the lake only catches up at a query
	for i := range kills {
		sleep(ctx, time.Duration(rnd.IntN(600))*time.Millisecond)
		b.kill()
		b.start("--batch-interval", batch[rnd.IntN(len(batch))])
		if rnd.IntN(5) > 0 {
			b.await()
		}
		if t.Failed() || ctx.Err() != nil {
			t.Fatalf("after kill %d", i+1)
		}
	}
	b.kill()
	b.serve()
	busy := time.Since(begun)
	l.drain(t)
	l.examine(ctx, t, b, true)
	b.stop()
	t.Logf("%d kills in %v, with the draining %v", kills+1, busy.Round(time.Millisecond), time.Since(begun).Round(time.Millisecond))
	for _, line := range b.troubles("Could not set lock") { // of a child that outlived its broker by a moment
		t.Error(line)
	}
}
