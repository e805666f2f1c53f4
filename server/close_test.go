package server_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// TestCloseIsCutShort: subscribers that take nothing do not keep the broker from
// ending when its time is over.
func TestCloseIsCutShort(t *testing.T) {
	b := newBroker(t)
	pub := b.connect()
	var stuck []*peer
	for _, sub := range []*peer{b.login("named"), b.connect()} {
		sub.subscribe("t")
		stuck = append(stuck, sub)
	}
	for range 20_000 { // more than the pipe holds
		pub.send(&protocol.Message{Type: protocol.Pub, Topic: "t", Data: args(t, make([]byte, 100))})
	}
	pub.publish(protocol.QoS1, "t", 1)
	ctx, cancel := context.WithCancel(context.Background())
	closed := make(chan error)
	go func() { closed <- b.Close(ctx) }()
	cancel()
	if err := <-closed; !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	for _, sub := range stuck {
		<-sub.ended
	}
}

// TestCloseWhileReadersAreBehind: a reader that waits for room ends with the broker.
func TestCloseWhileReadersAreBehind(t *testing.T) {
	b := newBroker(t, smallOutbox, smallWindow)
	pub, sub := b.connect(), b.login("slow")
	sub.subscribe("t")
	for i := range 500 {
		pub.publish(protocol.QoS(i%3), "t", i)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	<-sub.ended
	if err := b.Close(context.Background()); err != nil { // a second one finds nothing left
		t.Fatalf("%v", err)
	}
}

// TestCloseEndsProcedures: a built-in method that waits is told to stop.
func TestCloseEndsProcedures(t *testing.T) {
	b := newBroker(t)
	began := make(chan struct{})
	b.Provide("waits", func(ctx context.Context, _ string, _ *protocol.Payload) (*protocol.Payload, error) {
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	p := b.connect()
	p.request("waits")
	<-began
	closed := make(chan error)
	go func() { closed <- b.Close(context.Background()) }()
	p.quietly()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}

// TestServeTellsWhy: a connection that did not end in the normal way leaves its reason.
func TestServeTellsWhy(t *testing.T) {
	b := newBroker(t)
	for _, reason := range []error{nil, errors.New("no sign of life")} {
		near, far := protocol.Pipe()
		served := make(chan error)
		go func() { served <- b.Serve(far) }()
		_ = near.Close(reason)
		if err := <-served; !errors.Is(err, reason) {
			t.Errorf("closed for %v: %v", reason, err)
		}
	}
}

// TestServeAfterClose: a broker that is down takes no connection.
func TestServeAfterClose(t *testing.T) {
	b := newBroker(t)
	if err := b.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	near, far := protocol.Pipe()
	defer near.Close(nil)
	if err := b.Serve(far); !errors.Is(err, server.ErrShutdown) {
		t.Fatalf("%v", err)
	}
}
