package workload

import (
	"context"
	"fmt"

	"github.com/rembus-go/rembus/bench/peer"
)

// mqttNote says how mosquitto is driven where only we drive it, pahoNote where its
// usual client does too.
const (
	mqttNote = "mosquitto is driven by a client of our own, since the usual libraries are slower than the broker: " + howDriven
	pahoNote = "The target against mosquitto is against it with the usual client library, Eclipse Paho for Go (mosquitto ws paho), which writes each packet by itself: the figure is as much Paho's as mosquitto's. The other rows of mosquitto have no target and show what it does when driven by a client of our own: " + howDriven

	howDriven = "one packet a frame, as the libraries do it, but many frames behind one flush; in \"ws batched\" many packets a frame."
)

// fanout is one publisher and n subscribers of one topic, QoS0; the figure is
// deliveries a second.
func fanout(kind, how string, n int, ours peer.Peer, rivals ...versus) Workload {
	return Workload{
		Name:  fmt.Sprintf("pubsub%s-1-%d", kind, n),
		Title: fmt.Sprintf("1 publisher → %d subscriber(s), QoS0, %d bytes%s", n, payloadSize, how),
		Note:  mqttNote,
		Unit:  "deliveries/s",
	}.against(func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
		return runFanout(ctx, b, s, newGate(n))
	}, ours, rivals...)
}

func runFanout(ctx context.Context, b peer.Broker, s Size, g *gate) (Result, error) {
	clients, closeAll, err := dial(ctx, b, int(g.subs)+1)
	if err != nil {
		return Result{}, err
	}
	defer closeAll()
	for _, c := range clients[1:] {
		if err := c.Subscribe(ctx, 0, "bench", g.receiver()); err != nil {
			return Result{}, err
		}
	}
	rate, err := g.rate(s.Time, func(data []byte) error { return clients[0].Publish("bench", data) }, clients[0].Flush)
	return Result{Figure: rate * float64(g.subs), Count: g.sent * int(g.subs)}, err
}
