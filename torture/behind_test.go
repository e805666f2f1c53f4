package torture

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// backlog has the publishers of both promises publish so many messages and end,
// as fast as the broker acks.
func backlog(rnd *rand.Rand, messages int) *load {
	l := &load{finish: make(chan struct{}), hurry: make(chan struct{})}
	for name, qos := range map[string]protocol.QoS{"north": protocol.QoS1, "south": protocol.QoS2} {
		l.publishers = append(l.publishers, &publisher{
			name: name, mix: []protocol.QoS{qos}, pace: time.Millisecond, burst: 200, limit: messages, finish: l.finish, rnd: child(rnd),
		})
	}
	return l
}

// TestKillWhileTheLakeIsBehind: fault 1. The lake is killed again and again while it
// catches up with a log that is far ahead.
func TestKillWhileTheLakeIsBehind(t *testing.T) {
	ctx := bounded(t, patience)
	rnd := dice(t)
	b := newBroker(t, "--schema", "testdata/schema.json")
	b.serve("--batch-interval", "10m")
	l := backlog(rnd, 10_000)
	l.start(ctx, t, b)
	l.tasks.Wait() // published and acked
	for range 6 {
		b.kill()
		b.serve("--batch-interval", "1ms")
		sleep(ctx, time.Duration(rnd.IntN(60))*time.Millisecond)
	}
	b.kill()
	b.serve()
	l.drain(t)
	l.examine(ctx, t, b, true)
	b.stop()
	for _, line := range b.troubles() {
		t.Error(line)
	}
}

// TestKillDuringReplay: fault 11. The broker is killed again and again while it
// replays to twins what they missed.
func TestKillDuringReplay(t *testing.T) {
	ctx := bounded(t, patience)
	rnd := dice(t)
	b := newBroker(t, "--no-lake")
	b.serve()
	l := backlog(rnd, 10_000)
	slow := child(rnd)
	l.subscribers = []*subscriber{
		{name: "all", topics: []string{"*/reading"}},
		{name: "slow", topics: []string{"north/reading", "south/reading"},
			pause: func() time.Duration { return time.Duration(slow.IntN(100)) * time.Microsecond }},
	}
	l.join(ctx, t, b)
	l.publish(ctx)
	l.tasks.Wait() // published and acked, with nobody there
	l.subscribe(ctx)
	for range 8 {
		sleep(ctx, time.Duration(rnd.IntN(100))*time.Millisecond)
		b.kill()
		b.serve()
	}
	l.drain(t)
	l.examine(ctx, t, b, false)
	b.stop()
	for _, line := range b.troubles() {
		t.Error(line)
	}
}
