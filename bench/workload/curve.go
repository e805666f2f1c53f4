package workload

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rembus-go/rembus/bench/peer"
)

// Curve is how the cost of one delivery grows with something.
type Curve struct {
	Name, Title string
	Axis, Unit  string
	Note        string
	Points      []int // in growing order
	Quick       int   // how many of them a short run has

	// Measure starts a fresh broker and returns the cost for one of the points.
	Measure func(ctx context.Context, x int, s Size) (float64, error)
}

// Curves returns all curves, of rembusd alone.
func Curves(bin Binaries) []Curve {
	p := peers{bin}
	const cost = "µs of a delivery"
	return []Curve{
		{
			Name: "subscribers", Title: "Cost of a delivery by subscribers of the topic", Axis: "subscribers", Unit: cost,
			Points: []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}, Quick: 4,
			Measure: onFresh(p.passing(), func(ctx context.Context, b *peer.Rembus, x int, s Size) (float64, error) {
				return costOfFanout(ctx, b, s, newGateOf(x, payloadSize, max(1, min(chunk, 1<<14/x)), window/chunk)) // half a million deliveries on their way
			}),
		},
		{
			Name: "topics", Title: "Cost of a delivery by topics, each with a subscription", Axis: "topics", Unit: cost,
			Points: []int{1, 10, 100, 1000, 10_000, 100_000}, Quick: 4,
			Measure: onFresh(p.passing(), many(topicName)),
		},
		{
			Name: "spaces", Title: "Cost of a delivery by spaces that are subscribed to", Axis: "spaces", Unit: cost,
			Points: []int{1, 10, 100, 1000, 10_000, 100_000}, Quick: 4,
			Measure: onFresh(p.passing(), many(func(i int) string { return fmt.Sprintf("plant/%d/*", i) })),
		},
		{
			Name: "twins", Title: "Cost of a delivery by components that are away and subscribed", Axis: "components away", Unit: cost,
			Note:   "One subscriber is there; the journal stores each message for those that are not.",
			Points: []int{1, 10, 100, 1000, 10_000}, Quick: 3,
			Measure: onFresh(p.rembusd(""), func(ctx context.Context, b *peer.Rembus, x int, s Size) (float64, error) {
				if err := leaveMany(ctx, b, x); err != nil {
					return 0, err
				}
				return costOfFanout(ctx, b, s, newGate(1))
			}),
		},
		{
			Name: "backlog", Title: "Cost of a replayed delivery by messages that were missed", Axis: "messages", Unit: cost,
			Points: []int{1000, 10_000, 100_000, 1_000_000, 10_000_000}, Quick: 3,
			Measure: onFresh(p.rembusd(""), func(ctx context.Context, b *peer.Rembus, x int, _ Size) (float64, error) {
				took, err := runReplay(ctx, b, 0, x)
				return float64(took.Nanoseconds()) / 1e3 / float64(x), err
			}),
		},
		{
			Name: "payload", Title: "Cost of a delivery by its size", Axis: "bytes", Unit: cost,
			Points: []int{16, 128, 1024, 16 << 10, 128 << 10, 1 << 20, 4 << 20, 16 << 20}, Quick: 4,
			Measure: onFresh(p.passing(), func(ctx context.Context, b *peer.Rembus, x int, s Size) (float64, error) {
				inFlight := max(1, min(window, 8<<20/x))
				chunks := min(inFlight, window/chunk)
				return costOfFanout(ctx, b, s, newGateOf(1, x, inFlight/chunks, chunks))
			}),
		},
		{
			Name: "processors", Title: "Cost of a delivery to ten subscribers by GOMAXPROCS of the broker", Axis: "GOMAXPROCS", Unit: cost,
			Points: []int{1, 2}, Quick: 2,
			Measure: func(ctx context.Context, x int, s Size) (float64, error) {
				limited := p.passing()
				limited.Env = []string{fmt.Sprintf("GOMAXPROCS=%d", x)}
				return onFresh(limited, func(ctx context.Context, b *peer.Rembus, _ int, s Size) (float64, error) {
					return costOfFanout(ctx, b, s, newGate(10))
				})(ctx, x, s)
			},
		},
	}
}

// onFresh starts a broker for each point.
func onFresh(r peer.Rembusd, measure func(ctx context.Context, b *peer.Rembus, x int, s Size) (float64, error)) func(context.Context, int, Size) (float64, error) {
	return func(ctx context.Context, x int, s Size) (_ float64, err error) {
		b, err := r.Start(ctx)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, b.Stop()) }()
		cost, err := measure(ctx, b, x, s)
		return cost, explain(ctx, b, err)
	}
}

func costOfFanout(ctx context.Context, b *peer.Rembus, s Size, g *gate) (float64, error) {
	result, err := runFanout(ctx, b, s, g)
	return 1e6 / result.Figure, err
}

// many publishes over x topics, each of which reaches one subscription.
func many(subscription func(i int) string) func(context.Context, *peer.Rembus, int, Size) (float64, error) {
	return func(ctx context.Context, b *peer.Rembus, x int, s Size) (float64, error) {
		subscriptions, topics := make([]string, x), make([]string, x)
		for i := range x {
			subscriptions[i], topics[i] = subscription(i), topicName(i)
		}
		g := newGate(1)
		closeAll, err := subscribeAll(ctx, b, subscriptions, g.sharer)
		if err != nil {
			return 0, err
		}
		defer closeAll()
		c, err := b.Dial(ctx)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		rate, err := g.rate(s.Time, func(data []byte) error { return c.Publish(topics[g.sent%x], data) }, c.Flush)
		return 1e6 / rate, err
	}
}

// leaveMany makes n twins that are subscribed and away.
func leaveMany(ctx context.Context, b *peer.Rembus, n int) error {
	const atOnce = 8
	errs := make([]error, atOnce)
	var wg sync.WaitGroup
	for w := range atOnce {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += atOnce {
				errs[w] = leave(ctx, b, fmt.Sprintf("away%d", i))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
