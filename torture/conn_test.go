package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

var errLost = errors.New("connection lost")

// conn is one connection of a component. One goroutine uses it.
type conn struct {
	link    protocol.Link
	in      chan *protocol.Message // closed at the end of the connection
	over    chan struct{}          // closed by close
	request uint64
}

// connect dials until it has logged in, and then asks what setup asks; what comes
// meanwhile goes to handle. It fails only with ctx.
func connect(ctx context.Context, b *address, name string, setup []*protocol.Message, handle func(*conn, *protocol.Message) error) (*conn, error) {
	for {
		c, err := dial(ctx, b.get())
		if err == nil {
			ask := append([]*protocol.Message{{Type: protocol.Identity, Topic: name}}, setup...)
			for _, m := range ask {
				if err = c.ask(m, handle); err != nil {
					c.close()
					break
				}
			}
		}
		if err == nil {
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w; last: %w", name, context.Cause(ctx), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func dial(ctx context.Context, addr string) (*conn, error) {
	link, err := ws.Dial(ctx, "ws://"+addr, ws.DialOptions{Ping: -1})
	if err != nil {
		return nil, err
	}
	c := &conn{link: link, in: make(chan *protocol.Message), over: make(chan struct{})}
	go func() {
		defer close(c.in)
		for {
			m, err := link.Receive()
			if err != nil {
				return
			}
			select {
			case c.in <- m:
			case <-c.over:
				return
			}
		}
	}()
	return c, nil
}

// ask sends a request and waits for its answer.
func (c *conn) ask(ask *protocol.Message, handle func(*conn, *protocol.Message) error) error {
	c.request++
	m := &protocol.Message{Type: ask.Type, ID: protocol.NumberID(1<<63 | c.request), Topic: ask.Topic, Data: ask.Data}
	if err := c.link.Send([]*protocol.Message{m}); err != nil {
		return err
	}
	for got := range c.in {
		switch {
		case got.Type != protocol.Response || got.ID != m.ID:
			if err := handle(c, got); err != nil {
				return err
			}
		case got.Status != protocol.StatusOK:
			return fmt.Errorf("refused with %v", got.Status)
		default:
			return nil
		}
	}
	return errLost
}

// close ends the connection and waits for its goroutine.
func (c *conn) close() {
	close(c.over)
	_ = c.link.Close(nil)
	for range c.in {
	}
}
