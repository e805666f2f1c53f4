package component_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// way is how a component reaches the broker.
type way struct {
	name string
	json bool
	dial func(b *broker) func(context.Context) (protocol.Link, error)
}

var ways = []way{
	{"pipe", false, func(b *broker) func(context.Context) (protocol.Link, error) {
		return func(context.Context) (protocol.Link, error) {
			near, far := protocol.Pipe()
			b.serving.Go(func() { _ = b.server.Serve(far) }) // how a link ends is the test's matter
			return near, nil
		}
	}},
	{"ws+cbor", false, webSocket(protocol.CBOR)},
	{"ws+json", true, webSocket(protocol.JSON)},
}

func webSocket(enc protocol.Encoding) func(b *broker) func(context.Context) (protocol.Link, error) {
	return func(b *broker) func(context.Context) (protocol.Link, error) {
		return func(ctx context.Context) (protocol.Link, error) {
			return ws.Dial(ctx, b.url, ws.DialOptions{Encoding: enc})
		}
	}
}

// broker is a real one, reached by pipe and by WebSocket.
type broker struct {
	t       *testing.T
	server  *server.Server
	url     string // ws://host:port
	serving sync.WaitGroup
	way     way

	mu    sync.Mutex
	links map[string]protocol.Link // the last one of each component
}

func newBroker(t *testing.T, w way) *broker {
	t.Helper()
	return newBrokerOn(t, w, ws.ListenOptions{})
}

func newBrokerOn(t *testing.T, w way, opts ws.ListenOptions) *broker {
	t.Helper()
	log := memlog.New(memlog.Options{})
	srv, err := server.New(server.Options{Log: log, Logger: quiet})
	must(t, err)
	listener, err := ws.Listen("127.0.0.1:0", opts)
	must(t, err)
	b := &broker{t: t, server: srv, url: "ws://" + listener.Addr().String(), way: w, links: make(map[string]protocol.Link)}
	accepting := make(chan error, 1)
	go func() { accepting <- listener.Serve(func(l protocol.Link) { _ = srv.Serve(l) }) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(srv.Close(ctx), listener.Close(ctx), <-accepting); err != nil {
			t.Errorf("broker: %v", err)
		}
		b.serving.Wait()
		log.Close()
	})
	return b
}

// component returns one that is closed at the end of the test.
func (b *broker) component(name string, opts ...component.Option) *component.Component {
	b.t.Helper()
	opts = append([]component.Option{component.WithLogger(quiet), quick}, opts...)
	if b.way.json {
		opts = append(opts, component.WithJSON())
	}
	dial := b.way.dial(b)
	c, err := component.Attach(b.t.Context(), func(ctx context.Context) (protocol.Link, error) {
		link, err := dial(ctx)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.links[name] = link
		return link, err
	}, name, opts...)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	b.t.Cleanup(func() { b.close(c) })
	return c
}

func (b *broker) close(c *component.Component) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		b.t.Errorf("closing %q: %v", c.Name(), err)
	}
}

// cut ends the connection of a component as a network would.
func (b *broker) cut(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links[name].Close(errors.New("cable cut"))
}
