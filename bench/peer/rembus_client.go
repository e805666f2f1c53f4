package peer

import (
	"context"
	"encoding/binary"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

type rembusClient struct{ c *component.Component }

// Publish queues the message; the component's writer puts all that is queued
// behind one flush.
func (c *rembusClient) Publish(topic string, payload []byte) error {
	return c.c.Publish(context.Background(), topic, payload)
}

// Flush does nothing: the writer runs by itself.
func (c *rembusClient) Flush() error { return nil }

// Subscribe takes the argument out of each message. The ACKs of QoS1 and QoS2
// are the component's matter.
func (c *rembusClient) Subscribe(ctx context.Context, _ QoS, topic string, received func([]byte)) error {
	_, err := c.c.Subscribe(ctx, topic, func(m *component.Message) error {
		args, err := m.Args()
		if err != nil {
			return err
		}
		received(Bytes(args))
		return nil
	})
	return err
}

// Bytes returns the last argument, a byte string of CBOR, without a copy: the
// clients of the others hand out bytes too. It returns nil for anything else.
func Bytes(args []protocol.RawValue) []byte {
	if len(args) == 0 {
		return nil
	}
	raw := []byte(args[len(args)-1])
	if len(raw) < 9 || raw[0]>>5 != 2 {
		return nil
	}
	switch info := raw[0] & 31; {
	case info < 24:
		return raw[1:]
	case info == 24:
		return raw[2:]
	case info == 25:
		return raw[3:]
	case info == 26 && uint64(binary.BigEndian.Uint32(raw[1:])) == uint64(len(raw)-5):
		return raw[5:]
	}
	return nil
}

// Pipeline publishes and looks at every outcome.
func (c *rembusClient) Pipeline(ctx context.Context, qos QoS, topic string, n, window int, next func() []byte) error {
	window = min(window, n)
	t := c.c.Topic(topic, component.WithQoS(component.QoS(qos)))
	pending := make([]*component.Future, window)
	for i := range n + window {
		slot := &pending[i%window]
		if *slot != nil {
			if err := (*slot).Wait(ctx); err != nil {
				return err
			}
			*slot = nil
		}
		if i < n {
			f, err := t.PublishAsync(ctx, next())
			if err != nil {
				return err
			}
			*slot = f
		}
	}
	return nil
}

// Serve exposes an echo.
func (c *rembusClient) Serve(method string) error {
	return c.c.Expose(context.Background(), method, func(b []byte) []byte { return b })
}

// Call calls and decodes the answer.
func (c *rembusClient) Call(ctx context.Context, method string, payload []byte) error {
	v, err := c.c.RPC(ctx, method, payload)
	if err != nil {
		return err
	}
	var b []byte
	return v.Decode(&b)
}

// Close closes the component.
func (c *rembusClient) Close() error { return c.c.Close(context.Background()) }
