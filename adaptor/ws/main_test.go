package ws_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends tests that hang; none waits for it when all is well.
const patience = time.Minute

// serve starts a listener on a free port of this machine, closed with the test.
func serve(t testing.TB, opts ws.ListenOptions, handle func(protocol.Link)) *ws.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, ln, opts, handle)
}

func serveOn(t testing.TB, ln net.Listener, opts ws.ListenOptions, handle func(protocol.Link)) *ws.Listener {
	t.Helper()
	l, err := ws.ListenOn(ln, opts)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- l.Serve(handle) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l
}

// dial connects a link to l, closed with the test and before the listener.
func dial(t testing.TB, l *ws.Listener, opts ws.DialOptions) protocol.Link {
	t.Helper()
	link, err := ws.Dial(context.Background(), "ws://"+l.Addr().String()+"/meter", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { link.Close(nil) })
	return link
}

// echo returns every message to its sender.
func echo(link protocol.Link) {
	for {
		m, err := link.Receive()
		if err != nil {
			return
		}
		if link.Send([]*protocol.Message{m}) != nil {
			return
		}
	}
}

// drain receives until the link ends and reports why.
func drain(ended chan<- error) func(protocol.Link) {
	return func(link protocol.Link) {
		for {
			if _, err := link.Receive(); err != nil {
				ended <- err
				return
			}
		}
	}
}

// await receives from c, or ends the test.
func await[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing happened")
		panic("unreachable")
	}
}

func args(t testing.TB, v ...any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeArgs(v...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func value(t testing.TB, v any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pub is a message of n bytes of data.
func pub(t testing.TB, topic string, n int) *protocol.Message {
	t.Helper()
	return protocol.NewPub(topic, args(t, make([]byte, n)))
}

func asBad(err error, bad **protocol.BadMessage) bool { return errors.As(err, bad) }
