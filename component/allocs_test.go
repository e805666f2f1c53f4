//go:build !race

package component_test

import (
	"context"
	"sync"
	"testing"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// mute is a link that copies what it is given, as those do that write bytes, and
// receives what is put into it. Neither costs an allocation. Commands are
// answered with OK.
type mute struct {
	in   chan *protocol.Message
	done chan struct{}
	end  sync.Once
}

func newMute() *mute {
	return &mute{in: make(chan *protocol.Message, 1024), done: make(chan struct{})}
}

func (l *mute) Receive() (*protocol.Message, error) {
	select {
	case m := <-l.in:
		return m, nil
	case <-l.done:
		return nil, protocol.ErrClosed
	}
}

func (l *mute) Send(batch []*protocol.Message) error {
	for _, m := range batch {
		if m.Type == protocol.Admin {
			l.in <- protocol.NewResponse(m.ID, protocol.StatusOK, nil)
		}
	}
	return nil
}

func (l *mute) Copies()                    {}
func (l *mute) Ping(context.Context) error { return nil }
func (l *mute) RemoteAddr() string         { return "mute" }
func (l *mute) Close(error) error          { l.end.Do(func() { close(l.done) }); return nil }

func attachMute(t *testing.T) (*component.Component, *mute) {
	t.Helper()
	link := newMute()
	c, err := component.Attach(t.Context(), func(context.Context) (protocol.Link, error) { return link, nil }, "",
		component.WithLogger(quiet), component.WithoutReconnect())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c, link
}

// TestAllocations: what a message costs the component, in allocations: publishing
// at most the argument's own and, until messages come back from the writer, the
// message; receiving the Message that the handler gets.
func TestAllocations(t *testing.T) {
	const n = 1000
	for name, test := range map[string]struct {
		arg  any
		most float64
	}{
		"bytes":   {make([]byte, 128), 1},
		"map":     {map[string]any{"temperature": 18.5}, 1},
		"numbers": {map[string]float64{"temperature": 18.5, "pressure": 1013.2}, 1},
		"long":    {make([]byte, 1000), 2},
	} {
		t.Run("publish "+name, func(t *testing.T) {
			c, _ := attachMute(t)
			ctx := context.Background()
			each := testing.AllocsPerRun(5, func() {
				for range n {
					if err := c.Publish(ctx, "a/topic", test.arg); err != nil {
						t.Fatal(err)
					}
				}
				if err := c.Flush(ctx); err != nil {
					t.Fatal(err)
				}
			}) / n
			if each > test.most+0.1 {
				t.Errorf("%.2f allocations a message, want at most %v", each, test.most)
			}
		})
	}
	t.Run("receive", func(t *testing.T) {
		c, link := attachMute(t)
		var left sync.WaitGroup
		if _, err := c.Subscribe(t.Context(), "a/topic", func(*component.Message) { left.Done() }); err != nil {
			t.Fatal(err)
		}
		m, err := protocol.NewMessage(protocol.Pub, "a/topic", 1)
		if err != nil {
			t.Fatal(err)
		}
		each := testing.AllocsPerRun(5, func() {
			left.Add(n)
			for range n {
				link.in <- m
			}
			left.Wait()
		}) / n
		if each > 1.1 {
			t.Errorf("%.2f allocations a message, want 1", each)
		}
	})
}
