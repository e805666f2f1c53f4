package component_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// Close sends what is queued and waits for the ACKs.
func TestCloseDrains(t *testing.T) {
	c, p := newScript(t).attach("meter")
	for i := range 1000 {
		must(t, c.Publish(t.Context(), "t", i))
	}
	f, err := c.Topic("t", component.WithQoS(component.QoS1)).PublishAsync(t.Context(), "sure")
	must(t, err)
	closed := make(chan error)
	go func() { closed <- c.Close(t.Context()) }()
	for i := range 1000 {
		if n := decoded(t, p.next(protocol.Pub).Data)[0]; n != int64(i) {
			t.Fatalf("got %v, want %d", n, i)
		}
	}
	m := p.next(protocol.Pub)
	select {
	case err := <-closed:
		t.Errorf("closed before the ACK: %v", err)
	default:
	}
	p.send(protocol.NewAck(m.ID))
	must(t, <-closed)
	must(t, f.Err())
	<-p.done
}

// A handler that runs comes to its end, and what it publishes and answers goes
// out; deliveries behind it are left without ACK.
func TestCloseWaitsForHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newScript(t).attach("meter")
		begin, end := make(chan struct{}, 2), make(chan struct{})
		_, err := c.Subscribe(t.Context(), "t", func(n int) error {
			begin <- struct{}{}
			<-end
			return c.Publish(t.Context(), "echo", n)
		})
		must(t, err)
		must(t, c.Expose(t.Context(), "f", func() int {
			begin <- struct{}{}
			<-end
			return 5
		}))
		for n := uint64(1); n <= 2; n++ {
			p.send(protocol.NewPub("t", args(t, n)).Delivery(protocol.NumberID(n), component.QoS1))
		}
		p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(9), Topic: "f"})
		<-begin
		<-begin
		closed := make(chan error)
		go func() { closed <- c.Close(t.Context()) }()
		synctest.Wait()
		close(end)
		must(t, <-closed)
		<-p.done
		close(p.got)
		types := map[protocol.Type]int{}
		for m := range p.got {
			types[m.Type]++
		}
		if types[protocol.Ack] != 1 || types[protocol.Pub] != 1 || types[protocol.Response] != 1 {
			t.Errorf("sent %v, want one ACK, one PUB, one RESPONSE", types)
		}
	})
}

func TestCloseIsBoundedByContext(t *testing.T) {
	c, p := newScript(t).attach("meter")
	begin, ended := make(chan struct{}), make(chan struct{})
	_, err := c.Subscribe(t.Context(), "t", func(ctx context.Context) {
		close(begin)
		<-ctx.Done()
		close(ended)
	})
	must(t, err)
	f, err := c.Topic("t", component.WithQoS(component.QoS1)).PublishAsync(t.Context(), 1)
	must(t, err)
	p.send(protocol.NewPub("t", nil))
	<-begin
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := c.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	<-ended
	if err := f.Wait(t.Context()); !errors.Is(err, component.ErrClosed) {
		t.Errorf("unacknowledged: %v, want ErrClosed", err)
	}
}

func TestClosedRefusesEverything(t *testing.T) {
	c, _ := newScript(t).attach("meter")
	must(t, c.Close(t.Context()))
	must(t, c.Close(t.Context()))
	must(t, c.Wait(t.Context()))
	_, rpc := c.RPC(t.Context(), "f")
	_, direct := c.Direct(t.Context(), "x", "f")
	_, sub := c.Subscribe(t.Context(), "t", func() {})
	_, async := c.Topic("t", component.WithQoS(component.QoS1)).PublishAsync(t.Context())
	for i, err := range []error{c.Publish(t.Context(), "t"), c.Put(t.Context(), "t"), rpc, direct, sub, async, c.Flush(t.Context()),
		c.Expose(t.Context(), "f", func() {}), c.Unexpose(t.Context(), "f"), c.Unsubscribe(t.Context(), "t"),
		c.Reactive(t.Context()), c.Unreactive(t.Context())} {
		if !errors.Is(err, component.ErrClosed) {
			t.Errorf("operation %d: %v, want ErrClosed", i, err)
		}
	}
	if c.Connected() {
		t.Error("connected after Close")
	}
}

// Close during a reconnect does not wait for the broker and says what is lost.
func TestCloseWhileDisconnected(t *testing.T) {
	s := newScript(t)
	c, p := s.attach("meter", component.WithReconnect(time.Hour, time.Hour))
	f, err := c.Topic("t", component.WithQoS(component.QoS1)).PublishAsync(t.Context(), 1)
	must(t, err)
	p.next(protocol.Pub)
	p.link.Close(nil)
	if _, err := c.RPC(t.Context(), "f"); err == nil {
		t.Error("a call without a connection")
	}
	if err := c.Close(t.Context()); !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("got %v, want ErrConnectionLost", err)
	}
	if err := f.Err(); !errors.Is(err, component.ErrClosed) {
		t.Errorf("unacknowledged: %v", err)
	}
}

func TestWithoutReconnect(t *testing.T) {
	lost := make(chan error, 1)
	c, p := newScript(t).attach("meter", component.WithoutReconnect(), component.OnDisconnect(func(err error) { lost <- err }))
	f, err := c.Topic("t", component.WithQoS(component.QoS1)).PublishAsync(t.Context(), 1)
	must(t, err)
	p.next(protocol.Pub)
	p.link.Close(errors.New("cable cut"))
	if err := c.Wait(t.Context()); !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("Wait: %v, want ErrConnectionLost", err)
	}
	<-lost
	if err := f.Wait(t.Context()); !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("unacknowledged: %v", err)
	}
	if err := c.Publish(t.Context(), "t"); !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("Publish: %v", err)
	}
	if _, err := c.RPC(t.Context(), "f"); !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("RPC: %v", err)
	}
}

func TestWaitHonoursContext(t *testing.T) {
	c, _ := newScript(t).attach("meter")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Everything at once while the connection breaks: nothing hangs, nothing races,
// and what QoS1 says is delivered was delivered.
func TestManyThingsAtOnce(t *testing.T) {
	s := newScript(t)
	var mu sync.Mutex
	got := map[int64]bool{}
	s.agree = func(m *protocol.Message) *protocol.Message {
		switch {
		case m.Type == protocol.Pub && m.QoS == component.QoS1:
			mu.Lock()
			defer mu.Unlock()
			var list []int64
			if err := m.Data.Decode(&list); err != nil || len(list) != 1 {
				t.Errorf("%v %v", list, err)
				return nil
			}
			got[list[0]] = true
			return protocol.NewAck(m.ID)
		case m.Type == protocol.RPC:
			return protocol.NewResponse(m.ID, protocol.StatusOK, m.Data)
		}
		return agreed(m)
	}
	c, p := s.attach("meter", quick)
	var wg sync.WaitGroup
	const each = 300
	for g := range 4 {
		wg.Go(func() {
			topic := c.Topic("t", component.WithQoS(component.QoS1))
			for i := range each {
				if err := topic.Publish(t.Context(), g*each+i); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range each {
				if _, err := c.RPC(t.Context(), "echo", 1); err != nil && !errors.Is(err, component.ErrConnectionLost) {
					t.Error(err)
				}
			}
		})
	}
	stop := make(chan struct{})
	var breaker sync.WaitGroup
	breaker.Go(func() {
		for {
			for range 200 {
				select {
				case <-p.asks:
				case <-stop:
					return
				}
			}
			p = s.drop(p)
		}
	})
	wg.Wait()
	close(stop)
	breaker.Wait()
	must(t, c.Close(t.Context()))
	if len(got) != 4*each {
		t.Errorf("%d of %d messages arrived", len(got), 4*each)
	}
}
