package workload

import (
	"context"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// fanout is one publisher and n subscribers of one topic, QoS0; the figure is
// deliveries a second.
func fanout(n int, ours peer.Peer, rivals ...Rival) Workload {
	return Workload{
		Name:  fmt.Sprintf("pubsub-1-%d", n),
		Title: fmt.Sprintf("1 publisher → %d subscriber(s), QoS0, %d bytes", n, payloadSize),
		Unit:  "deliveries/s",
		Ours:  ours, Rivals: rivals,
		Run: func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
			return runFanout(ctx, b, s, n)
		},
	}
}

func runFanout(ctx context.Context, b peer.Broker, s Size, n int) (Result, error) {
	clients, closeAll, err := dial(ctx, b, n+1)
	if err != nil {
		return Result{}, err
	}
	defer closeAll()
	g := newGate(n)
	for _, c := range clients[1:] {
		if err := c.Subscribe("bench", g.receiver()); err != nil {
			return Result{}, err
		}
	}
	data := payload()
	publish := func() error { return clients[0].Publish("bench", data) }
	if err := g.send(time.Now().Add(s.Time/5), publish, clients[0].Flush); err != nil {
		return Result{}, err
	}
	before, begin := g.sent, time.Now()
	if err := g.send(begin.Add(s.Time), publish, clients[0].Flush); err != nil {
		return Result{}, err
	}
	rate := float64((g.sent-before)*n) / time.Since(begin).Seconds()
	return Result{Figure: rate, Count: g.sent * n}, nil
}
