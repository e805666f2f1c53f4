package component

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// LastReceived, as the argument of [From], asks for every stored message that
// the component has not received yet, also from before it subscribed.
const LastReceived = time.Duration(math.MaxInt64)

// SubscribeOption changes a subscription.
type SubscribeOption func(*Subscription)

// From asks for stored messages too: those of the last d that a named component has not
// received yet, oldest first, before the live ones; or all of them with
// [LastReceived]. Without it a subscription starts with the next message.
func From(d time.Duration) SubscribeOption {
	return func(s *Subscription) { s.from = d }
}

// Subscription is a topic, or a space, whose messages go to a handler.
type Subscription struct {
	c       *Component
	topic   string
	space   bool
	from    time.Duration // 0: from now on
	handler *handler
	closed  atomic.Bool // unsubscribed
}

// Topic returns what is subscribed to: a topic or the pattern of a space.
func (s *Subscription) Topic() string { return s.topic }

// Unsubscribe ends the subscription. No handler begins after it has returned;
// one may still run.
func (s *Subscription) Unsubscribe(ctx context.Context) error {
	if s.closed.Load() {
		return nil
	}
	if err := s.c.admin(ctx, s.topic, map[string]any{"cmd": "unsubscribe"}); err != nil {
		return err
	}
	s.closed.Store(true)
	s.c.in.do(func() { s.c.drop(s) }) // after the deliveries that came before the answer
	return nil
}

// Subscribe sends the messages of topic, or of a space such as "site/*/alarm"
// or "**/telemetry", to handler; "Handlers" in the package comment says what a
// handler may be. It returns once the broker knows the subscription. A topic
// has one subscription: [ErrSubscribed].
//
// The first Subscribe also tells the broker that the component is reactive, see
// [Component.Reactive].
func (c *Component) Subscribe(ctx context.Context, topic string, fn any, opts ...SubscribeOption) (*Subscription, error) {
	sub := &Subscription{c: c, topic: topic, space: protocol.IsSpace(topic)}
	for _, opt := range opts {
		opt(sub)
	}
	var err error
	if sub.space {
		_, err = protocol.ParseSpace(topic, c.opts.limits)
	} else {
		err = protocol.CheckTopic(topic, c.opts.limits)
	}
	if err != nil {
		return nil, err
	}
	if sub.from < 0 {
		return nil, fmt.Errorf("rembus: From a negative time")
	}
	if sub.handler, err = bind(fn, false); err != nil {
		return nil, err
	}
	if err := c.add(sub); err != nil {
		return nil, err
	}
	if err := c.admin(ctx, topic, subscribeCommand(sub.from)); err != nil {
		sub.closed.Store(true)
		c.drop(sub)
		return nil, err
	}
	c.in.put(chore{topic: topic})
	return sub, c.react(ctx)
}

// Unsubscribe ends the subscription to topic, which need not be one that this
// process made: it also ends what a component of this name subscribed to before.
func (c *Component) Unsubscribe(ctx context.Context, topic string) error {
	if sub := c.subscription(topic); sub != nil {
		return sub.Unsubscribe(ctx)
	}
	return c.admin(ctx, topic, map[string]any{"cmd": "unsubscribe"})
}

func (c *Component) subscription(topic string) *Subscription {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.subs[topic]
}

func (c *Component) add(sub *Subscription) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.subs[sub.topic]; old != nil && !old.closed.Load() {
		return fmt.Errorf("%w: %s", ErrSubscribed, sub.topic)
	}
	c.subs[sub.topic] = sub
	c.changes.Add(1)
	return nil
}

// drop forgets sub, unless another one has taken its topic.
func (c *Component) drop(sub *Subscription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subs[sub.topic] == sub {
		delete(c.subs, sub.topic)
		c.changes.Add(1)
	}
}

// subscribeCommand: msg_from is in nanoseconds, infinity for everything not yet
// received.
func subscribeCommand(from time.Duration) map[string]any {
	command := map[string]any{"cmd": "subscribe", "msg_from": int64(from)}
	if from == LastReceived {
		command["msg_from"] = math.Inf(1)
	}
	return command
}
