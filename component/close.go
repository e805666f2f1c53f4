package component

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// farewellWait is how long a broker may take to say that it has read everything.
const farewellWait = 2 * time.Second

// Close ends the component: it lets running handlers come to their end, sends
// what is queued, waits for the ACKs of QoS1/2 messages and until the broker has read
// everything, and closes the connection. Deliveries that no handler has begun are left; QoS1/2 ones of a
// named component are offered again when it comes back.
//
// When ctx ends first, the contexts of the handlers end, the connection is closed as it
// is, and Close returns that error. A component that is disconnected at that moment
// cannot send: then, too, the error says how many messages were not sent or not
// acknowledged. No goroutine is left but those of handlers that do not return.
// A handler must not call Close, which would wait for it.
func (c *Component) Close(ctx context.Context) error {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	s := c.session
	c.mu.Unlock()
	if again {
		return c.Wait(ctx)
	}
	// Order: no new work; handlers finish, and may still publish; what they and
	// all others have queued goes out; the connection; the goroutines.
	c.endLife()
	c.in.stop()
	c.calls.stop()
	err := c.settle(ctx)
	c.out.refuse()
	if err == nil && s != nil {
		if err = c.out.flush(ctx, s.ended); err == nil {
			c.farewell(ctx, s)
		}
	}
	c.cancel()
	c.hangUp()
	<-c.done
	c.running.Wait()
	if errors.Is(err, ErrClosed) || errors.Is(err, ErrConnectionLost) {
		err = nil // the connection ended while flushing: what counts is what that left
	}
	if err == nil && c.unsent > 0 {
		err = ErrConnectionLost
	}
	if err != nil && c.unsent > 0 {
		err = fmt.Errorf("%w: %d messages were not sent or not acknowledged", err, c.unsent)
	}
	return err
}

// farewell pauses delivery, of which nothing would be handled any more. The
// answer shows that the broker has read all that was sent: a connection that is
// closed earlier may take the last ACKs and messages along. Without an
// answer the component goes all the same.
func (c *Component) farewell(ctx context.Context, s *session) {
	data, err := protocol.EncodeValue(reactiveCommand(false))
	if err != nil {
		return
	}
	id := c.nextRequest()
	r, err := s.await(id)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, farewellWait)
	defer cancel()
	c.out.answer(&protocol.Message{Type: protocol.Admin, ID: protocol.NumberID(id), Topic: configTopic, Data: data}, s)
	_, _ = s.result(ctx, id, r, nil)
}

// settle waits for the running handlers.
func (c *Component) settle(ctx context.Context) error {
	for _, idle := range []<-chan struct{}{c.idle, c.calls.idle} {
		select {
		case <-idle:
		case <-ctx.Done():
			return ended(ctx)
		}
	}
	return nil
}

// hangUp closes the connection of the moment, if there is one.
func (c *Component) hangUp() {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s != nil {
		s.link.Close(nil)
	}
}

// Wait waits until the component has ended, or ctx does: nil after a Close, the reason
// when the connection was lost and [WithoutReconnect] given.
func (c *Component) Wait(ctx context.Context) error {
	select {
	case <-c.done:
	case <-ctx.Done():
		return ended(ctx)
	}
	if c.ended == ErrClosed { // written before done was closed
		return nil
	}
	return c.ended
}
