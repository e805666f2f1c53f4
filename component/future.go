package component

import (
	"context"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Future is the outcome of a QoS1 or QoS2 message that was published without
// waiting. Safe for concurrent use.
type Future struct {
	done chan struct{}
	err  error // written before done is closed

	// Protected by the outbox's lock.
	id         uint64
	msg        *protocol.Message
	sent       time.Time
	prev, next *Future
}

func newFuture() *Future { return &Future{done: make(chan struct{})} }

// Done is closed once the broker has acknowledged the message or it has failed.
func (f *Future) Done() <-chan struct{} { return f.done }

// Err returns nil while Done is open and when the broker has the message, else
// why it failed: an [*Error] of the broker, [ErrTimeout], [ErrClosed],
// [ErrConnectionLost] if the component does not reconnect.
func (f *Future) Err() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// Wait waits until Done is closed or ctx ends, and returns the outcome. The end
// of ctx does not take the message back.
func (f *Future) Wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ended(ctx)
	}
}
