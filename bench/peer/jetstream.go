package peer

import (
	"context"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Subscribe waits for the server's PONG, and so for the subscription. With QoS1
// it is a consumer of a stream, in order of arrival, that acknowledges each message.
func (c *natsClient) Subscribe(ctx context.Context, qos QoS, topic string, received func([]byte)) error {
	switch qos {
	case 0:
	case 1:
		return c.consume(ctx, topic, received)
	default:
		return ErrUnable
	}
	sub, err := c.conn.Subscribe(topic, func(m *nats.Msg) { received(m.Data) })
	if err != nil {
		return err
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return err
	}
	return c.conn.Flush()
}

func (c *natsClient) consume(ctx context.Context, topic string, received func([]byte)) error {
	js, err := c.stream(ctx, topic, 1)
	if err != nil {
		return err
	}
	consumer, err := js.CreateConsumer(ctx, streamName(topic), jetstream.ConsumerConfig{
		AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 1 << 16,
	})
	if err != nil {
		return err
	}
	_, err = consumer.Consume(func(m jetstream.Msg) {
		received(m.Data())
		m.Ack()
	}, jetstream.PullMaxMessages(4096))
	return err
}

// Pipeline publishes to a JetStream stream with a file store.
func (c *natsClient) Pipeline(ctx context.Context, qos QoS, topic string, n, window int, next func() []byte) error {
	if qos != 1 {
		return ErrUnable
	}
	js, err := c.stream(ctx, topic, window)
	if err != nil {
		return err
	}
	for range n {
		if _, err := js.PublishAsync(topic, next(), jetstream.WithStallWait(30*time.Second)); err != nil {
			return err
		}
	}
	select {
	case <-js.PublishAsyncComplete():
		if refused := c.refused.Load(); refused != nil {
			return *refused
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func streamName(topic string) string { return strings.ReplaceAll(topic, ".", "_") }

// stream returns what publishes to the stream of topic, which is made when it
// is missing.
func (c *natsClient) stream(ctx context.Context, topic string, window int) (jetstream.JetStream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if js := c.streams[topic]; js != nil {
		return js, nil
	}
	js, err := jetstream.New(c.conn, jetstream.WithPublishAsyncMaxPending(window),
		jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, _ *nats.Msg, err error) { c.refused.Store(&err) }))
	if err != nil {
		return nil, err
	}
	if _, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: streamName(topic), Subjects: []string{topic}, Storage: jetstream.FileStorage,
	}); err != nil {
		return nil, err
	}
	c.streams[topic] = js
	return js, nil
}
