// Package peer holds the brokers that are measured, each as a process of its own
// with its own client.
package peer

import (
	"context"
	"errors"
)

// Peer is a kind of broker, a way to configure it and a transport.
type Peer struct {
	Name    string // as in the tables, such as "nats-server ws"
	Version func() string
	Start   func(ctx context.Context) (Broker, error)
}

// Broker is a running broker with nothing in it.
type Broker interface {
	// Dial connects a client. The clients of a broker are independent.
	Dial(ctx context.Context) (Client, error)
	// PID is the broker's process.
	PID() int
	// Stop ends the process and removes what it stored.
	Stop() error
}

// Client is one connection. What a peer cannot do returns [ErrUnable].
type Client interface {
	// Publish sends without waiting, QoS0. It may keep the message until Flush.
	Publish(topic string, payload []byte) error
	// Flush lets all that was published go out.
	Flush() error
	// Subscribe calls received for each message, from one goroutine. When it
	// returns, the broker knows of the subscription.
	Subscribe(topic string, received func()) error

	// Pipeline publishes payload n times at QoS1 (the broker answers that it took
	// the message over), at most window without an answer, and returns when all
	// are answered.
	Pipeline(ctx context.Context, topic string, payload []byte, n, window int) error

	// Serve answers calls of method with their own argument.
	Serve(method string) error
	// Call calls method and waits for the answer.
	Call(ctx context.Context, method string, payload []byte) error

	// Close ends the connection.
	Close() error
}

// ErrUnable says that a peer does not know such a thing.
var ErrUnable = errors.New("this peer cannot do that")

// unable is embedded by the clients of peers that can do little.
type unable struct{}

func (unable) Pipeline(context.Context, string, []byte, int, int) error { return ErrUnable }
func (unable) Serve(string) error                                       { return ErrUnable }
func (unable) Call(context.Context, string, []byte) error               { return ErrUnable }
