package workload

import (
	"context"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/component"
)

// replay is a component that subscribed, went away while messages were published, and
// comes back; the figure is the messages a second from its connecting until it has
// the last one.
func replay(qos peer.QoS) func(ctx context.Context, b *peer.Rembus, s Size) (Result, error) {
	return func(ctx context.Context, b *peer.Rembus, s Size) (Result, error) {
		took, err := runReplay(ctx, b, qos, s.Backlog)
		return Result{Figure: float64(s.Backlog) / took.Seconds(), Count: s.Backlog}, err
	}
}

func runReplay(ctx context.Context, b *peer.Rembus, qos peer.QoS, n int) (time.Duration, error) {
	if err := leave(ctx, b, "away"); err != nil {
		return 0, err
	}
	if err := publishAll(ctx, b, qos, n); err != nil {
		return 0, err
	}
	begin := time.Now()
	twin, err := b.Component(ctx, "away")
	if err != nil {
		return 0, err
	}
	defer twin.Close(ctx)
	seen := newTally()
	if _, err := twin.Subscribe(ctx, "bench", receive(seen.receive), component.From(component.LastReceived)); err != nil {
		return 0, err
	}
	if err := seen.await(ctx, n); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// leave makes a twin that is subscribed and away.
func leave(ctx context.Context, b *peer.Rembus, name string) error {
	twin, err := b.Component(ctx, name)
	if err != nil {
		return err
	}
	if _, err := twin.Subscribe(ctx, "bench", receive(func([]byte) {}), component.From(component.LastReceived)); err != nil {
		return err
	}
	return twin.Close(ctx)
}

// receive makes a handler that hands out the payload.
func receive(received func([]byte)) func(*component.Message) error {
	return func(m *component.Message) error {
		args, err := m.Args()
		if err != nil {
			return err
		}
		received(peer.Bytes(args))
		return nil
	}
}

// publishAll publishes the messages 1 to n; when it returns the broker has them.
func publishAll(ctx context.Context, b *peer.Rembus, qos peer.QoS, n int) error {
	c, err := b.Dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	sent := 0
	next := func() []byte {
		sent++
		data := message(payloadSize)
		setNumber(data, sent)
		return data
	}
	if qos > 0 {
		return c.Pipeline(ctx, qos, "bench", n, outstanding, next)
	}
	for range n {
		if err := c.Publish("bench", next()); err != nil {
			return err
		}
	}
	// Its ACK says that all before it is there.
	return c.Pipeline(ctx, 1, "end", 1, 1, next)
}
