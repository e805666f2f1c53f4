package peer

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATS is a nats-server without persistence.
func NATS(binary, transport string) Peer {
	return natsPeer("nats-server "+transport, binary, transport, "")
}

// JetStream is a nats-server with a file store. sync is its sync_interval: "2m",
// the default, answers before the disk has anything, "always" after an fsync.
func JetStream(binary, transport, sync string) Peer {
	return natsPeer("JetStream "+transport+" sync="+sync, binary, transport, sync)
}

func natsPeer(name, binary, transport, sync string) Peer {
	return Peer{
		Name: name,
		Version: func() string {
			out, _ := exec.Command(binary, "--version").Output()
			return strings.TrimSpace(strings.TrimPrefix(string(out), "nats-server:"))
		},
		Start: func(ctx context.Context) (Broker, error) { return startNATS(ctx, binary, transport, sync) },
	}
}

type natsBroker struct {
	*process
	url string
}

func startNATS(ctx context.Context, binary, transport, sync string) (Broker, error) {
	tcp, err := freeAddr()
	if err != nil {
		return nil, err
	}
	ws, err := freeAddr()
	if err != nil {
		return nil, err
	}
	wsHost, wsPort, _ := net.SplitHostPort(ws)
	addr, url := ws, "ws://"+ws
	if transport == "tcp" {
		addr, url = tcp, "nats://"+tcp
	}
	p, err := start(ctx, addr, func(dir string) (*exec.Cmd, error) {
		config := fmt.Sprintf("listen: %q\nwebsocket { host: %q, port: %s, no_tls: true }\n", tcp, wsHost, wsPort)
		if sync != "" {
			config += fmt.Sprintf("jetstream { store_dir: %q, sync_interval: %s }\n", filepath.Join(dir, "js"), sync)
		}
		file := filepath.Join(dir, "nats.conf")
		return exec.Command(binary, "-c", file), os.WriteFile(file, []byte(config), 0o600)
	})
	if err != nil {
		return nil, err
	}
	return &natsBroker{p, url}, nil
}

// Dial connects with nats.go.
func (b *natsBroker) Dial(ctx context.Context) (Client, error) {
	conn, err := nats.Connect(b.url, nats.NoReconnect(), nats.Timeout(10*time.Second))
	if err != nil {
		return nil, err
	}
	return &natsClient{conn: conn, streams: map[string]jetstream.JetStream{}}, nil
}

type natsClient struct {
	conn *nats.Conn

	mu      sync.Mutex
	streams map[string]jetstream.JetStream // by topic; guarded by mu

	refused atomic.Pointer[error] // the last failure of an asynchronous publish
}

// Publish hands the message to nats.go, whose flusher packs many into a frame.
func (c *natsClient) Publish(topic string, payload []byte) error {
	return c.conn.Publish(topic, payload)
}

// Flush does nothing: nats.go's flusher runs by itself.
func (c *natsClient) Flush() error { return nil }

// Serve answers requests.
func (c *natsClient) Serve(method string) error {
	if _, err := c.conn.Subscribe(method, func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		return err
	}
	return c.conn.Flush()
}

// Call sends a request.
func (c *natsClient) Call(ctx context.Context, method string, payload []byte) error {
	_, err := c.conn.RequestWithContext(ctx, method, payload)
	return err
}

// Close closes the connection.
func (c *natsClient) Close() error {
	c.conn.Close()
	return nil
}
