package component_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// refusing is a link that refuses one message as a codec does.
type refusing struct {
	protocol.Link
	bad chan *protocol.BadMessage
}

func (l *refusing) Receive() (*protocol.Message, error) {
	select {
	case bad := <-l.bad:
		return nil, bad
	default:
		return l.Link.Receive()
	}
}

// A message that the codec refuses is answered if somebody waits, and reported;
// the connection goes on.
func TestRefusedMessage(t *testing.T) {
	s := newScript(t)
	bad := make(chan *protocol.BadMessage, 1)
	failures := make(chan error, 1)
	c, err := component.Attach(t.Context(), func(ctx context.Context) (protocol.Link, error) {
		link, err := s.dial(ctx)
		return &refusing{link, bad}, err
	}, "", component.WithLogger(quiet), component.OnError(func(err error) { failures <- err }))
	must(t, err)
	p := <-s.peers
	bad <- &protocol.BadMessage{ID: protocol.NumberID(4), Err: protocol.Errorf(protocol.StatusMethodArgs, "nested too deep")}
	p.send(protocol.NewPub("nobody", nil)) // wakes the reader
	if m := p.next(protocol.Response); m.ID != protocol.NumberID(4) || m.Status != protocol.StatusMethodArgs {
		t.Errorf("answered %v, status %d", m.ID, m.Status)
	}
	if err := <-failures; !errors.Is(err, component.ErrArguments) {
		t.Errorf("reported %v", err)
	}
	must(t, c.Close(t.Context()))
}

// A panic in a callback is reported and ends nothing.
func TestCallbackPanics(t *testing.T) {
	s := newScript(t)
	failures := make(chan error, 10)
	c, p := s.attach("meter", quick, component.OnDisconnect(func(error) { panic("oh") }), component.OnError(func(err error) { failures <- err }))
	got := make(chan int, 1)
	_, err := c.Subscribe(t.Context(), "t", func(n int) { got <- n })
	must(t, err)
	p = s.drop(p)
	if err := <-failures; err.Error() != "panic: oh" {
		t.Errorf("reported %v", err)
	}
	p.send(protocol.NewPub("t", args(t, 5)))
	if n := <-got; n != 5 {
		t.Errorf("got %d", n)
	}
}

// What waits for a handler is bounded as the inbox is.
func TestParkingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newScript(t).attach("meter", component.WithInbox(10_000))
		const n = 100
		for range n {
			p.send(protocol.NewPub("nobody", args(t, make([]byte, 1000))))
			synctest.Wait()
		}
		discarded := c.Stats().Unhandled
		if discarded < 90 || discarded == n {
			t.Errorf("%d of %d discarded at once", discarded, n)
		}
		got := make(chan struct{}, n)
		sub, err := c.Subscribe(t.Context(), "nobody", func([]byte) { got <- struct{}{} })
		must(t, err)
		synctest.Wait()
		if kept := uint64(len(got)); kept != n-discarded || sub.Topic() != "nobody" {
			t.Errorf("%d handled, want %d", kept, n-discarded)
		}
	})
}

// A broker without a window loses the connection before it fills the memory.
func TestFloodOfUnacknowledged(t *testing.T) {
	s := newScript(t)
	c, p := s.attach("meter", component.WithoutReconnect())
	begin, release := make(chan struct{}, 1), make(chan struct{})
	_, err := c.Subscribe(t.Context(), "t", func() {
		select {
		case begin <- struct{}{}:
		default:
		}
		<-release
	})
	must(t, err)
	for i := range uint64(70_000) {
		if p.link.Send([]*protocol.Message{protocol.NewPub("t", nil).Delivery(protocol.NumberID(i+1), component.QoS1)}) != nil {
			break
		}
	}
	<-begin
	<-p.done
	close(release)
	if err := c.Wait(t.Context()); !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("got %v", err)
	}
}
