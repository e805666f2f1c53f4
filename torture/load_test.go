package torture

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// address is where the broker serves. Safe for concurrent use.
type address struct {
	mu   sync.Mutex
	addr string
}

func (a *address) get() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.addr
}

func (a *address) set(addr string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.addr = addr
}

// load is the clients of one test.
type load struct {
	publishers  []*publisher
	subscribers []*subscriber

	at     address
	finish chan struct{} // publishers
	hurry  chan struct{} // subscribers
	tasks  sync.WaitGroup
	mu     sync.Mutex // Protects following
	failed []error
}

// usual is two publishers and three subscribers: one quick, one slow, one that is
// often away.
func usual(rnd *rand.Rand) *load {
	l := &load{finish: make(chan struct{}), hurry: make(chan struct{})}
	for name, mix := range map[string][]protocol.QoS{
		"north": {protocol.QoS1, protocol.QoS1, protocol.QoS0},
		"south": {protocol.QoS2, protocol.QoS2, protocol.QoS1},
	} {
		l.publishers = append(l.publishers, &publisher{
			name: name, mix: mix, pace: 10 * time.Millisecond, burst: 20, finish: l.finish, rnd: child(rnd),
		})
	}
	slow, away := child(rnd), child(rnd)
	l.subscribers = []*subscriber{
		{name: "quick", topics: []string{"*/reading"}},
		{name: "slow", topics: []string{"north/reading", "south/reading"},
			pause: func() time.Duration { return time.Duration(slow.IntN(4)) * time.Millisecond }},
		{name: "away", topics: []string{"north/reading", "south/*"},
			online: func() time.Duration { return time.Duration(10+away.IntN(400)) * time.Millisecond }},
	}
	return l
}

func child(rnd *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(rnd.Uint64(), rnd.Uint64())) }

// join subscribes everybody at a broker that serves.
func (l *load) join(ctx context.Context, t *testing.T, b *broker) {
	t.Helper()
	l.at.set(b.addr)
	var names []string
	for _, p := range l.publishers {
		names = append(names, p.name)
	}
	for _, s := range l.subscribers {
		s.hurry = l.hurry
		if err := s.join(ctx, &l.at, names...); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *load) subscribe(ctx context.Context) {
	for _, s := range l.subscribers {
		l.tasks.Go(func() { l.ended(s.run(ctx, &l.at)) })
	}
}

func (l *load) publish(ctx context.Context) {
	for _, p := range l.publishers {
		l.tasks.Go(func() { l.ended(p.run(ctx, &l.at)) })
	}
}

// start is all of these.
func (l *load) start(ctx context.Context, t *testing.T, b *broker) {
	t.Helper()
	l.join(ctx, t, b)
	l.subscribe(ctx)
	l.publish(ctx)
}

func (l *load) ended(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, err)
}

// await waits until each publisher has got so many more answers.
func (l *load) await(ctx context.Context, t *testing.T, answers func(*publisher) int64, more int64) {
	t.Helper()
	for _, p := range l.publishers {
		for goal := answers(p) + more; answers(p) < goal; sleep(ctx, time.Millisecond) {
			if ctx.Err() != nil {
				t.Fatalf("%s waits for answers: %v", p.name, context.Cause(ctx))
			}
		}
	}
}

// drain lets the publishers end and everybody get the rest.
func (l *load) drain(t *testing.T) {
	t.Helper()
	close(l.finish)
	close(l.hurry)
	l.tasks.Wait()
	if err := errors.Join(l.failed...); err != nil {
		t.Error(err)
	}
}

// bounded is the context of a test: it ends the clients when patience is over.
func bounded(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, errors.New("it takes too long"))
	t.Cleanup(cancel)
	return ctx
}

// sleep waits for d of the load's life.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
