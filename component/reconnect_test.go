package component_test

import (
	"context"
	"errors"
	"reflect"
	"sort"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

var quick = component.WithReconnect(time.Millisecond, time.Millisecond)

// drop ends the connection as a network does, and returns the next one.
func (s *script) drop(p *peer) *peer {
	p.link.Close(errors.New("cable cut"))
	<-p.done
	return <-s.peers
}

// A named component logs in again and repeats what it subscribes and exposes.
func TestReconnectRestores(t *testing.T) {
	s := newScript(t)
	down, up := make(chan error, 1), make(chan struct{}, 1)
	c, p := s.attach("meter", quick, component.OnDisconnect(func(err error) { down <- err }), component.OnReconnect(func() { up <- struct{}{} }))
	got := make(chan int, 1)
	_, err := c.Subscribe(t.Context(), "t", func(n int) { got <- n }, component.From(component.LastReceived))
	must(t, err)
	ended, err := c.Subscribe(t.Context(), "ended", func() {})
	must(t, err)
	must(t, ended.Unsubscribe(t.Context()))
	must(t, c.Expose(t.Context(), "f", func() int { return 5 }))
	p = s.drop(p)
	if m := <-p.asks; m.Type != protocol.Identity || m.Topic != "meter" {
		t.Fatalf("first: type %d %q, want IDENTITY", m.Type, m.Topic)
	}
	var commands []string
	for range 3 {
		topic, cmd := p.command()
		commands = append(commands, topic+" "+cmd["cmd"].(string))
	}
	sort.Strings(commands)
	if want := []string{"__config__ reactive", "f expose", "t subscribe"}; !reflect.DeepEqual(commands, want) {
		t.Errorf("restored %v, want %v", commands, want)
	}
	if err := <-down; !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("OnDisconnect got %v", err)
	}
	<-up
	p.send(protocol.NewPub("t", args(t, 1)), &protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(1), Topic: "f"})
	if n := <-got; n != 1 {
		t.Errorf("delivered %d", n)
	}
	p.next(protocol.Response)
	if n := c.Stats().Reconnects; n != 1 || !c.Connected() {
		t.Errorf("%d reconnects, connected %v", n, c.Connected())
	}
}

// An anonymous component is a new twin: it asks for what it missed, no more.
func TestReconnectAnonymousAsksForTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		c, p := s.attach("", component.WithReconnect(10*time.Second, 10*time.Second))
		_, err := c.Subscribe(t.Context(), "t", func() {}, component.From(component.LastReceived))
		must(t, err)
		cut := time.Now()
		p = s.drop(p)
		_, cmd := p.command()
		if gap := int64(time.Since(cut)); cmd["msg_from"] != gap || gap < 5e9 {
			t.Errorf("msg_from %v after a gap of %d", cmd["msg_from"], gap)
		}
	})
}

// Section QoS of protocol.md: resent with the same id across reconnects; and in
// the order of publishing.
func TestReconnectResendsUnacknowledged(t *testing.T) {
	s := newScript(t)
	c, p := s.attach("meter", quick)
	var futures []*component.Future
	publish := func(q component.QoS, n int) {
		f, err := c.Topic("t", component.WithQoS(q), component.WithSlot(7)).PublishAsync(t.Context(), n)
		must(t, err)
		futures = append(futures, f)
	}
	publish(component.QoS1, 0)
	publish(component.QoS2, 1)
	publish(component.QoS1, 2)
	var first []*protocol.Message
	for range 3 {
		first = append(first, p.next(protocol.Pub))
	}
	p.send(protocol.NewAck(first[1].ID))
	p.next(protocol.Ack2)
	must(t, futures[1].Wait(t.Context()))
	p = s.drop(p)
	publish(component.QoS2, 3)
	for _, want := range []int{0, 2, 3} {
		m := p.next(protocol.Pub)
		if n := decoded(t, m.Data)[0]; n != int64(want) {
			t.Errorf("resent %v, want %d", n, want)
		}
		if want < 3 && m.ID != first[want].ID {
			t.Errorf("message %d: id %v, was %v", want, m.ID, first[want].ID)
		}
		p.send(protocol.NewAck(m.ID))
	}
	for _, f := range futures {
		must(t, f.Wait(t.Context()))
	}
}

func TestDisconnectedPublishesAreKept(t *testing.T) {
	s := newScript(t)
	allow := make(chan struct{})
	var dials atomic.Int32
	dial := func(ctx context.Context) (protocol.Link, error) {
		if dials.Add(1) > 1 {
			select {
			case <-allow:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return s.dial(ctx)
	}
	lost := make(chan error, 1)
	c, err := component.Attach(t.Context(), dial, "", quick, component.WithLogger(quiet),
		component.OnDisconnect(func(err error) { lost <- err }))
	must(t, err)
	p := <-s.peers
	p.link.Close(nil)
	<-lost
	for i := range 100 {
		must(t, c.Publish(t.Context(), "t", i))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.RPC(ctx, "f"); !errors.Is(err, component.ErrTimeout) {
		t.Errorf("a call while disconnected: %v, want ErrTimeout", err)
	}
	close(allow)
	p = <-s.peers
	for i := range 100 {
		if n := decoded(t, p.next(protocol.Pub).Data)[0]; n != int64(i) {
			t.Fatalf("got %v, want %d", n, i)
		}
	}
	must(t, c.Close(t.Context()))
}

// Calls under way fail at once when the connection ends; nobody knows whether
// they ran.
func TestDisconnectFailsCalls(t *testing.T) {
	s := newScript(t)
	c, p := s.attach("meter", quick)
	result := make(chan error)
	go func() {
		_, err := c.RPC(t.Context(), "f")
		result <- err
	}()
	p.next(protocol.RPC)
	p = s.drop(p)
	if err := <-result; !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("got %v, want ErrConnectionLost", err)
	}
	call := answering(p, protocol.StatusOK, nil)
	_, err := c.RPC(t.Context(), "f")
	must(t, err)
	<-call
}

// An admin command may be repeated, so it survives a lost connection.
func TestSubscribeSurvivesDisconnect(t *testing.T) {
	s := newScript(t)
	var silent atomic.Bool
	silent.Store(true)
	s.agree = func(m *protocol.Message) *protocol.Message {
		if silent.Load() && m.Type == protocol.Admin {
			return nil
		}
		return agreed(m)
	}
	c, p := s.attach("meter", quick)
	result := make(chan error)
	go func() {
		_, err := c.Subscribe(t.Context(), "t", func() {})
		result <- err
	}()
	p.next(protocol.Admin)
	silent.Store(false)
	s.drop(p)
	must(t, <-result)
}

// A delivery that comes again after a reconnect is not handled twice, also when
// its handler was still running.
func TestReconnectDedupesDeliveries(t *testing.T) {
	for _, q := range []component.QoS{component.QoS1, component.QoS2} {
		s := newScript(t)
		c, p := s.attach("meter", quick)
		begin, end := make(chan int, 10), make(chan struct{})
		_, err := c.Subscribe(t.Context(), "t", func(n int) { begin <- n; <-end })
		must(t, err)
		pub := func(n int) *protocol.Message {
			return protocol.NewPub("t", args(t, n)).Delivery(protocol.NumberID(uint64(n)), q)
		}
		p.send(pub(1), pub(2))
		if n := <-begin; n != 1 {
			t.Errorf("QoS %d: handling %d", q, n)
		}
		p = s.drop(p)
		close(end)
		if n := <-begin; n != 2 { // the first is done, with nobody to acknowledge it to
			t.Errorf("QoS %d: handling %d", q, n)
		}
		p.send(pub(1), pub(2), pub(3))
		acks := map[protocol.ID]bool{}
		for len(acks) < 3 {
			acks[p.next(protocol.Ack).ID] = true
		}
		if n := <-begin; n != 3 || len(begin) > 0 {
			t.Errorf("QoS %d: handled %d and %d more", q, n, len(begin))
		}
	}
}

func TestBackoffGrowsAndIsJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		var dials []time.Time
		failures := make(chan error, 100)
		dial := func(ctx context.Context) (protocol.Link, error) {
			dials = append(dials, time.Now())
			if n := len(dials); n > 1 && n < 9 {
				return nil, errors.New("no route")
			}
			return s.dial(ctx)
		}
		c, err := component.Attach(t.Context(), dial, "", component.WithLogger(quiet),
			component.WithReconnect(time.Second, 8*time.Second), component.OnError(func(err error) { failures <- err }))
		must(t, err)
		s.drop(<-s.peers)
		for i := 1; i < len(dials); i++ {
			want := min(time.Second<<(i-1), 8*time.Second)
			if d := dials[i].Sub(dials[i-1]); d < want/2 || d > want*3/2 {
				t.Errorf("attempt %d after %v, want about %v", i, d, want)
			}
		}
		if len(dials) != 9 || len(failures) != 7 {
			t.Errorf("%d dials, %d failures reported", len(dials), len(failures))
		}
		must(t, c.Close(t.Context()))
	})
}

// Row "Name in use" of protocol.md: refused at first, an error; later, another try.
func TestLoginRefused(t *testing.T) {
	s := newScript(t)
	var refuse atomic.Bool
	refuse.Store(true)
	s.agree = func(m *protocol.Message) *protocol.Message {
		if m.Type == protocol.Identity && refuse.Load() {
			return protocol.NewError(m.ID, protocol.Errorf(protocol.StatusError, "already connected"))
		}
		return agreed(m)
	}
	_, err := component.Attach(t.Context(), s.dial, "meter", component.WithLogger(quiet))
	var refusal *component.Error
	if !errors.As(err, &refusal) || refusal.Text != "already connected" {
		t.Errorf("got %v", err)
	}
	<-(<-s.peers).done
	refuse.Store(false)
	failures := make(chan error, 100)
	up := make(chan struct{}, 1)
	c, p := s.attach("meter", quick, component.OnError(func(err error) { failures <- err }), component.OnReconnect(func() { up <- struct{}{} }))
	refuse.Store(true)
	p = s.drop(p)
	if err := <-failures; !errors.Is(err, component.ErrFailed) {
		t.Errorf("reported %v", err)
	}
	refuse.Store(false)
	<-up
	<-p.done // the connection that was refused is closed
	if !c.Connected() {
		t.Error("not connected")
	}
}

// Status 11 of protocol.md: a challenge.
func TestLoginDemanded(t *testing.T) {
	s := newScript(t)
	s.agree = func(m *protocol.Message) *protocol.Message {
		return protocol.NewResponse(m.ID, protocol.StatusChallenge, value(t, make([]byte, 32)))
	}
	if _, err := component.Attach(t.Context(), s.dial, "meter", component.WithLogger(quiet)); !errors.Is(err, component.ErrLoginRequired) {
		t.Errorf("got %v, want ErrLoginRequired", err)
	}
}

func TestAttachFailures(t *testing.T) {
	s := newScript(t)
	s.agree = func(*protocol.Message) *protocol.Message { return nil }
	if _, err := component.Attach(t.Context(), s.dial, "meter", component.WithDialTimeout(time.Millisecond)); !errors.Is(err, component.ErrTimeout) {
		t.Errorf("a silent broker: %v, want ErrTimeout", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := component.Attach(ctx, s.dial, "meter"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	no := errors.New("no route")
	if _, err := component.Attach(t.Context(), func(context.Context) (protocol.Link, error) { return nil, no }, ""); !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
	hangUp := func(context.Context) (protocol.Link, error) {
		near, far := protocol.Pipe()
		far.Close(nil)
		return near, nil
	}
	if _, err := component.Attach(t.Context(), hangUp, "meter"); !errors.Is(err, component.ErrConnectionLost) {
		t.Errorf("hung up: %v, want ErrConnectionLost", err)
	}
	for _, name := range []string{"a\n", "\x00", "\xff", string(make([]byte, 300))} { // fault 31, fault 35
		if _, err := component.Attach(t.Context(), s.dial, name); err == nil {
			t.Errorf("attached as %q", name)
		}
	}
	for _, opt := range []component.Option{component.WithReconnect(0, 0), component.WithReconnect(2, 1), component.WithWindow(0),
		component.WithOutbox(-1), component.WithInbox(0), component.WithHandlers(0), component.WithRequestTimeout(0)} {
		if _, err := component.Attach(t.Context(), s.dial, "meter", opt); err == nil {
			t.Error("a senseless option was taken")
		}
	}
}
