package peer

import (
	"context"
	"os/exec"
	"strings"

	"github.com/rembus-go/rembus/component"
)

// Rembusd is ours: the built rembusd over WebSocket and the Go component. flags
// are what it is started with besides its address and directory; they belong to the name.
func Rembusd(binary, name string, flags ...string) Peer {
	return Peer{
		Name: "rembusd ws" + name,
		Version: func() string {
			out, _ := exec.Command(binary, "--version").Output()
			return strings.TrimSpace(strings.TrimPrefix(string(out), "rembusd"))
		},
		Start: func(ctx context.Context) (Broker, error) {
			addr, err := freeAddr()
			if err != nil {
				return nil, err
			}
			p, err := start(ctx, addr, func(dir string) (*exec.Cmd, error) {
				return exec.Command(binary, append([]string{"--listen", addr, "--dir", dir}, flags...)...), nil
			})
			if err != nil {
				return nil, err
			}
			return &rembusBroker{p, "ws://" + addr}, nil
		},
	}
}

type rembusBroker struct {
	*process
	url string
}

// outstandingMax is the largest window that a Pipeline may ask for.
const outstandingMax = 1 << 16

// Dial connects an anonymous component.
func (b *rembusBroker) Dial(ctx context.Context) (Client, error) {
	c, err := component.Dial(ctx, b.url, component.WithoutReconnect(), component.WithWindow(outstandingMax))
	if err != nil {
		return nil, err
	}
	return &rembusClient{c}, nil
}

type rembusClient struct{ c *component.Component }

// Publish queues the message; the component's writer puts all that is queued
// behind one flush.
func (c *rembusClient) Publish(topic string, payload []byte) error {
	return c.c.Publish(context.Background(), topic, payload)
}

// Flush does nothing: the writer runs by itself.
func (c *rembusClient) Flush() error { return nil }

// Subscribe takes the argument out of each message, undecoded, as the clients
// of the others hand out bytes.
func (c *rembusClient) Subscribe(topic string, received func()) error {
	_, err := c.c.Subscribe(context.Background(), topic, func(m *component.Message) error {
		if _, err := m.Args(); err != nil {
			return err
		}
		received()
		return nil
	})
	return err
}

// Pipeline publishes with QoS1 and looks at every outcome.
func (c *rembusClient) Pipeline(ctx context.Context, topic string, payload []byte, n, window int) error {
	t := c.c.Topic(topic, component.WithQoS(component.QoS1))
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
			f, err := t.PublishAsync(ctx, payload)
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
