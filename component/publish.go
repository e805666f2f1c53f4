package component

import (
	"context"

	"github.com/rembus-go/rembus/protocol"
)

// QoS is the delivery promise of a published message.
type QoS = protocol.QoS

// The three promises.
const (
	QoS0 = protocol.QoS0 // at most once
	QoS1 = protocol.QoS1 // at least once
	QoS2 = protocol.QoS2 // exactly once
)

// Topic is a topic with the way in which messages are published to it. Safe for
// concurrent use; make it once for a topic that is used often.
type Topic struct {
	c    *Component
	name string
	qos  QoS
	slot uint32
	has  bool // slot
	err  error
}

// TopicOption changes how messages are published to a [Topic].
type TopicOption func(*Topic)

// WithQoS sets the delivery promise, QoS0 by default.
func WithQoS(q QoS) TopicOption { return func(t *Topic) { t.qos = q } }

// WithSlot sets the slot: a number of the publisher's, such as a time bucket,
// that is stored and delivered with the message.
func WithSlot(n uint32) TopicOption { return func(t *Topic) { t.slot, t.has = n, true } }

// Topic returns the topic name. A name that is no topic is refused by Publish.
func (c *Component) Topic(name string, opts ...TopicOption) *Topic {
	t := &Topic{c: c, name: name, err: protocol.CheckTopic(name, c.opts.limits)}
	for _, opt := range opts {
		opt(t)
	}
	if t.qos > QoS2 && t.err == nil {
		t.err = protocol.Errorf(protocol.StatusError, "there is no QoS %d", t.qos)
	}
	return t
}

// Name returns the topic.
func (t *Topic) Name() string { return t.name }

// Publish sends args with QoS0: it returns as soon as the message is queued, and waits
// while the outbox is full. What is queued while the connection is lost is sent
// after the reconnect; what was being written when it broke is lost.
func (c *Component) Publish(ctx context.Context, topic string, args ...any) error {
	if err := protocol.CheckTopic(topic, c.opts.limits); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return ended(ctx)
	}
	m, err := c.message(protocol.Pub, topic, args)
	if err != nil {
		return err
	}
	return c.out.push(ctx, m, nil)
}

// Put publishes to the component's own part of the topics: "<name>/" + topic.
// It fails with [ErrAnonymous] when the component has no name.
func (c *Component) Put(ctx context.Context, topic string, args ...any) error {
	if c.name == "" {
		return ErrAnonymous
	}
	return c.Publish(ctx, c.name+"/"+topic, args...)
}

// Publish sends args to the topic. With QoS0 it is as [Component.Publish]. With
// QoS1 and QoS2 it waits until the broker has acknowledged the message, which
// it resends after each reconnect. When ctx ends first the message is not taken
// back: whether it is delivered is open.
func (t *Topic) Publish(ctx context.Context, args ...any) error {
	if t.qos == QoS0 {
		m, err := t.message(ctx, args)
		if err != nil {
			return err
		}
		return t.c.out.push(ctx, m, nil)
	}
	f, err := t.PublishAsync(ctx, args...)
	if err != nil {
		return err
	}
	return f.Wait(ctx)
}

// PublishAsync sends args to the topic and returns without waiting for the
// broker; the Future tells the outcome. Any number up to the window may be
// under way; when it is full PublishAsync waits until ctx ends, or fails with
// [ErrFull] under [WithFailWhenFull]. Messages arrive in the order of the calls. With
// QoS0 the Future is done at once.
func (t *Topic) PublishAsync(ctx context.Context, args ...any) (*Future, error) {
	m, err := t.message(ctx, args)
	if err != nil {
		return nil, err
	}
	f := newFuture()
	if t.qos == QoS0 {
		if err := t.c.out.push(ctx, m, nil); err != nil {
			return nil, err
		}
		close(f.done)
		return f, nil
	}
	if err := t.c.out.publish(ctx, m, f); err != nil {
		return nil, err
	}
	return f, nil
}

// message returns the next message to the topic, unless ctx has ended.
func (t *Topic) message(ctx context.Context, args []any) (*protocol.Message, error) {
	if t.err != nil {
		return nil, t.err
	}
	if err := ctx.Err(); err != nil {
		return nil, ended(ctx)
	}
	m, err := t.c.message(protocol.Pub, t.name, args)
	if err != nil {
		return nil, err
	}
	m.QoS, m.HasSlot, m.Slot = t.qos, t.has, t.slot
	if t.has {
		m.ID = protocol.NumberID(1<<32 | uint64(t.slot)) // QoS0: only the slot means anything
	}
	return m, nil
}

// Flush waits until everything published before the call has left: QoS0 is
// written to the connection, QoS1 and QoS2 is acknowledged or has failed.
func (c *Component) Flush(ctx context.Context) error { return c.out.flush(ctx, nil) }
