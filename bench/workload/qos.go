package workload

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// outstanding is how many messages a publisher of QoS1 or QoS2 has without an
// answer.
const outstanding = 4096

// qos1 is one publisher whose messages are all answered by the broker, many on
// their way, and so many subscribers who acknowledge each message; the figure is
// messages a second.
func qos1(subscribers int) func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
	return func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
		return runPipeline(ctx, b, s, 1, subscribers)
	}
}

func qos2(ctx context.Context, b peer.Broker, s Size) (Result, error) {
	return runPipeline(ctx, b, s, 2, 0)
}

// qos1Alone is one message at a time; the figure is the median time of one in µs.
func qos1Alone(ctx context.Context, b peer.Broker, s Size) (Result, error) {
	c, err := b.Dial(ctx)
	if err != nil {
		return Result{}, err
	}
	defer c.Close()
	data := message(payloadSize)
	times, err := repeat(ctx, s.Time, func() error {
		return c.Pipeline(ctx, 1, "bench", 1, outstanding, func() []byte { return data })
	})
	return Result{Figure: median(times), Count: len(times)}, err
}

func runPipeline(ctx context.Context, b peer.Broker, s Size, qos peer.QoS, subscribers int) (Result, error) {
	clients, closeAll, err := dial(ctx, b, 1+subscribers)
	if err != nil {
		return Result{}, err
	}
	defer closeAll()
	seen := make([]*tally, subscribers)
	for i := range seen {
		seen[i] = newTally()
		if err := clients[i+1].Subscribe(ctx, qos, "bench", seen[i].receive); err != nil {
			return Result{}, err
		}
	}
	sent := 0
	next := func() []byte {
		sent++
		data := message(payloadSize)
		setNumber(data, sent)
		return data
	}
	publish := func(n int) error {
		if err := clients[0].Pipeline(ctx, qos, "bench", n, outstanding, next); err != nil {
			return err
		}
		for _, t := range seen {
			if err := t.await(ctx, sent); err != nil {
				return err
			}
		}
		return nil
	}
	rate, err := lengthen(s.Time, outstanding, publish)
	return Result{Figure: rate, Count: sent}, err
}

// lengthen does what takes long to come to its end, first n times and then more
// and more until that is lost in the rest, and returns how many times a second.
func lengthen(d time.Duration, n int, do func(n int) error) (float64, error) {
	if err := do(n); err != nil {
		return 0, err
	}
	for {
		begin := time.Now()
		if err := do(n); err != nil {
			return 0, err
		}
		took := time.Since(begin)
		if took >= d*3/4 {
			return float64(n) / took.Seconds(), nil
		}
		n = int(min(float64(n)*8, max(float64(n)*1.2, float64(n)*d.Seconds()/took.Seconds())))
	}
}

// tally counts the messages of one subscriber that it has not had before.
type tally struct {
	mu    sync.Mutex
	upTo  int          // all up to this one are here
	ahead map[int]bool // and these
	moved chan struct{}
	want  int
}

func newTally() *tally { return &tally{ahead: map[int]bool{}, moved: make(chan struct{}, 1)} }

func (t *tally) receive(payload []byte) {
	n := number(payload)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case n == t.upTo+1:
		t.upTo++
		for len(t.ahead) > 0 && t.ahead[t.upTo+1] {
			delete(t.ahead, t.upTo+1)
			t.upTo++
		}
	case n > t.upTo:
		t.ahead[n] = true
	}
	if t.upTo >= t.want {
		select {
		case t.moved <- struct{}{}:
		default:
		}
	}
}

// await waits until the messages 1 to n are here.
func (t *tally) await(ctx context.Context, n int) error {
	t.mu.Lock()
	t.want = n
	have := t.upTo
	t.mu.Unlock()
	for have < n {
		select {
		case <-t.moved:
		case <-time.After(stalled):
			t.mu.Lock()
			now := t.upTo
			t.mu.Unlock()
			if now == have {
				return fmt.Errorf("messages were lost: %d is missing, of %d that the broker took over", now+1, n)
			}
		case <-ctx.Done():
			return fmt.Errorf("the messages up to %d did not come in time: %w", n, ctx.Err())
		}
		t.mu.Lock()
		have = t.upTo
		t.mu.Unlock()
	}
	return nil
}
