package peer

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"

	"github.com/coder/websocket"
)

// Relay is the floor: what coder/websocket and the kernel cost when the broker
// does nothing but pass frames on, one message a frame, batches behind one
// flush. It is this very program, started with the argument [RelayCommand].
func Relay() Peer {
	return Peer{
		Name:    "bare relay ws",
		Version: func() string { return "coder/websocket v1.8.15" },
		Start: func(ctx context.Context) (Broker, error) {
			addr, err := freeAddr()
			if err != nil {
				return nil, err
			}
			p, err := start(ctx, addr, func(string) (*exec.Cmd, error) {
				self, err := os.Executable()
				return exec.Command(self, RelayCommand, addr), err
			})
			if err != nil {
				return nil, err
			}
			return &relayBroker{p, "ws://" + addr}, nil
		},
	}
}

// RelayCommand is the argument that makes the bench program a relay, followed
// by the address to listen on.
const RelayCommand = "relay"

type batchKey struct{}

// ServeRelay passes each frame of a connection to every connection that came
// with the path /sub, until the process ends.
func ServeRelay(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	var mu sync.RWMutex
	subscribers := map[*outbox]bool{}
	server := &http.Server{
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, batchKey{}, c)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw := r.Context().Value(batchKey{}).(*batchConn)
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer ws.CloseNow()
			if r.URL.Path == "/sub" {
				out := newOutbox(ws, raw)
				mu.Lock()
				subscribers[out] = true
				mu.Unlock()
				out.put([]byte("subscribed"))
				defer func() {
					mu.Lock()
					delete(subscribers, out)
					mu.Unlock()
					out.close()
				}()
			}
			for {
				_, frame, err := ws.Read(context.Background())
				if err != nil {
					return
				}
				mu.RLock()
				for out := range subscribers {
					out.put(frame)
				}
				mu.RUnlock()
			}
		}),
	}
	return server.Serve(batchListener{l})
}

type batchListener struct{ net.Listener }

// Accept wraps the connection.
func (l batchListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &batchConn{Conn: c}, nil
}

type relayBroker struct {
	*process
	url string
}

// Dial makes a client that connects when it knows its role.
func (b *relayBroker) Dial(ctx context.Context) (Client, error) {
	out, err := b.connect(ctx, "/pub")
	if err != nil {
		return nil, err
	}
	return &relayClient{broker: b, out: out}, nil
}

func (b *relayBroker) connect(ctx context.Context, path string) (*outbox, error) {
	var raw *batchConn
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		raw = &batchConn{Conn: c}
		return raw, err
	}}
	ws, _, err := websocket.Dial(ctx, b.url+path, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		return nil, err
	}
	return newOutbox(ws, raw), nil
}

type relayClient struct {
	unable
	broker *relayBroker
	out    *outbox
	sub    *outbox
}

// Publish sends payload as a frame.
func (c *relayClient) Publish(_ string, payload []byte) error {
	c.out.put(slices.Clone(payload))
	return nil
}

// Flush does nothing: the writer runs by itself.
func (c *relayClient) Flush() error { return nil }

// Subscribe opens a second connection, in the other role.
func (c *relayClient) Subscribe(_ context.Context, _ QoS, _ string, received func([]byte)) error {
	sub, err := c.broker.connect(context.Background(), "/sub")
	if err != nil {
		return err
	}
	c.sub = sub
	if _, _, err := sub.ws.Read(context.Background()); err != nil {
		return err
	}
	go func() {
		var frame bytes.Buffer
		for {
			_, r, err := sub.ws.Reader(context.Background())
			if err != nil {
				return
			}
			frame.Reset()
			if _, err := frame.ReadFrom(r); err != nil {
				return
			}
			received(frame.Bytes())
		}
	}()
	return nil
}

// Close ends the connections.
func (c *relayClient) Close() error {
	if c.sub != nil {
		c.sub.close()
	}
	c.out.close()
	return nil
}
