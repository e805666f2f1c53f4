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

// QoS is what a publisher and a subscriber are promised, as in MQTT.
type QoS int

// Client is one connection. What a peer cannot do returns [ErrUnable].
type Client interface {
	// Publish sends without waiting, QoS0. It may keep the message until Flush,
	// but not the bytes of payload.
	Publish(topic string, payload []byte) error
	// Flush lets all that was published go out.
	Flush() error
	// Subscribe calls received for each message, from one goroutine; the bytes
	// are valid until it returns. With QoS1 the message is acknowledged after that.
	// When Subscribe returns, the broker knows of the subscription.
	Subscribe(ctx context.Context, qos QoS, topic string, received func(payload []byte)) error

	// Pipeline publishes n messages at QoS1 or QoS2 (the broker answers that it
	// took the message over), at most window without an answer, and returns when all
	// are answered.
	Pipeline(ctx context.Context, qos QoS, topic string, n, window int, next func() []byte) error

	// Serve answers calls of method with their own argument.
	Serve(method string) error
	// Call calls method and waits for the answer.
	Call(ctx context.Context, method string, payload []byte) error

	// Close ends the connection.
	Close() error
}

var (
	// ErrUnable says that a peer does not know such a thing.
	ErrUnable = errors.New("this peer cannot do that")
	// ErrMissing says that a peer is not installed on this machine.
	ErrMissing = errors.New("not installed")
)

// unable is embedded by the clients of peers that can do little.
type unable struct{}

func (unable) Pipeline(context.Context, QoS, string, int, int, func() []byte) error { return ErrUnable }
func (unable) Serve(string) error                                                   { return ErrUnable }
func (unable) Call(context.Context, string, []byte) error                           { return ErrUnable }
