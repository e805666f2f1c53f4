package workload

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// perClient is how many subscriptions one component has at most; it is the
// broker's own limit, less some.
const perClient = 5000

// crowded is one publisher over many topics while there are many subscriptions,
// half of them spaces, and ten of them change every second. Each message reaches one
// subscriber by its topic and one by a space. The figure is µs for a message.
func crowded(ctx context.Context, b *peer.Rembus, s Size) (Result, error) {
	exact, spaces := make([]string, 0, s.Subscriptions/2), make([]string, 0, s.Subscriptions/2)
	for i := range s.Subscriptions / 2 {
		switch {
		case i < s.Topics:
			exact = append(exact, topicName(i))
			spaces = append(spaces, fmt.Sprintf("plant/%d/*", i))
		case i%2 == 0:
			exact = append(exact, fmt.Sprintf("plant/%d/silent", i))
			spaces = append(spaces, fmt.Sprintf("other/%d/**", i))
		default:
			exact = append(exact, fmt.Sprintf("other/%d/telemetry", i))
			spaces = append(spaces, fmt.Sprintf("*/%d/alarm", i))
		}
	}
	return overTopics(ctx, b, s, exact, spaces)
}

// spacious is the same with ten subscriptions in all.
func spacious(ctx context.Context, b *peer.Rembus, s Size) (Result, error) {
	return overTopics(ctx, b, s,
		[]string{"plant/*/telemetry", "plant/x/silent", "other/a/telemetry", "other/b/telemetry", "other/c/telemetry"},
		[]string{"plant/**", "other/1/**", "other/2/**", "*/1/alarm", "*/2/alarm"})
}

func topicName(i int) string { return fmt.Sprintf("plant/%d/telemetry", i) }

// overTopics subscribes to both lists, publishes, and expects each message once
// through either.
func overTopics(ctx context.Context, b *peer.Rembus, s Size, exact, spaces []string) (Result, error) {
	first, second := newGate(1), newGate(1)
	closeFirst, err := subscribeAll(ctx, b, exact, first.sharer)
	if err != nil {
		return Result{}, err
	}
	defer closeFirst()
	closeSecond, err := subscribeAll(ctx, b, spaces, second.sharer)
	if err != nil {
		return Result{}, err
	}
	defer closeSecond()
	publisher, err := b.Dial(ctx)
	if err != nil {
		return Result{}, err
	}
	defer publisher.Close()
	stop, err := changes(ctx, b)
	if err != nil {
		return Result{}, err
	}
	topics := make([]string, s.Topics)
	for i := range topics {
		topics[i] = topicName(i)
	}
	rate, err := pair{first, second}.rate(s.Time, topics, publisher)
	err = errors.Join(err, stop())
	return Result{Figure: 1e6 / rate}, err
}

// pair is two gates that every message passes.
type pair struct{ first, second *gate }

// rate publishes to the topics in turn.
func (p pair) rate(d time.Duration, topics []string, c peer.Client) (float64, error) {
	timer := time.NewTimer(stalled)
	defer timer.Stop()
	flush := func() error {
		if err := c.Flush(); err != nil {
			return err
		}
		return p.second.drain(timer)
	}
	return p.first.rate(d, func(data []byte) error {
		n := p.first.sent - 1
		if n%p.second.chunk == 0 {
			if err := p.second.enter(timer, 1); err != nil {
				return err
			}
		}
		return c.Publish(topics[n%len(topics)], data)
	}, flush)
}

// subscribeAll subscribes to topics on as many connections as that takes, several at
// a time. receiver is called once for each connection.
func subscribeAll(ctx context.Context, b peer.Broker, topics []string, receiver func() func([]byte)) (closeAll func(), err error) {
	clients, closeAll, err := dial(ctx, b, (len(topics)+perClient-1)/perClient)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, c := range clients {
		mine := topics[i*perClient : min((i+1)*perClient, len(topics))]
		received := receiver()
		wg.Go(func() {
			for _, topic := range mine {
				if errs[i] = c.Subscribe(ctx, 0, topic, received); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		closeAll()
		return nil, err
	}
	return closeAll, nil
}

// changes makes and ends subscriptions, ten in a second together.
func changes(ctx context.Context, b *peer.Rembus) (stop func() error, err error) {
	c, err := b.Component(ctx, "")
	if err != nil {
		return nil, err
	}
	quit, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			topic := fmt.Sprintf("plant/%d/change/*", i/2)
			var err error
			if i%2 == 0 {
				_, err = c.Subscribe(ctx, topic, func(string) {})
			} else {
				err = c.Unsubscribe(ctx, topic)
			}
			if err != nil {
				ended <- fmt.Errorf("a change of subscriptions failed: %w", err)
				return
			}
			select {
			case <-tick.C:
			case <-quit:
				ended <- nil
				return
			}
		}
	}()
	return func() error {
		close(quit)
		return errors.Join(<-ended, c.Close(ctx))
	}, nil
}
