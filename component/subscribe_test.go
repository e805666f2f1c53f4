package component_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// Row "3 ADMIN" of protocol.md, and section "Twins, reactive, msg_from".
func TestSubscribeCommands(t *testing.T) {
	for _, tc := range []struct {
		name string
		opts []component.SubscribeOption
		from any
	}{
		{"from now", nil, int64(0)},
		{"the last ten minutes", []component.SubscribeOption{component.From(10 * time.Minute)}, int64(600e9)},
		{"all not yet received", []component.SubscribeOption{component.From(component.LastReceived)}, math.Inf(1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, p := newScript(t).attach("meter")
			sub, err := c.Subscribe(t.Context(), "a/topic", func() {}, tc.opts...)
			must(t, err)
			topic, cmd := p.command()
			if want := map[string]any{"cmd": "subscribe", "msg_from": tc.from}; topic != "a/topic" || !reflect.DeepEqual(cmd, want) {
				t.Errorf("got %q %v, want %v", topic, cmd, want)
			}
			topic, cmd = p.command()
			if want := map[string]any{"cmd": "reactive", "status": true}; topic != "__config__" || !reflect.DeepEqual(cmd, want) {
				t.Errorf("got %q %v, want %v", topic, cmd, want)
			}
			must(t, sub.Unsubscribe(t.Context()))
			topic, cmd = p.command()
			if want := map[string]any{"cmd": "unsubscribe"}; topic != "a/topic" || !reflect.DeepEqual(cmd, want) {
				t.Errorf("got %q %v, want %v", topic, cmd, want)
			}
		})
	}
}

func TestReactiveIsSentOnceAndByHand(t *testing.T) {
	c, p := newScript(t).attach("meter")
	for _, topic := range []string{"a", "b"} {
		_, err := c.Subscribe(t.Context(), topic, func() {})
		must(t, err)
	}
	must(t, c.Unreactive(t.Context()))
	_, err := c.Subscribe(t.Context(), "c", func() {})
	must(t, err)
	must(t, c.Reactive(t.Context()))
	var got []any
	for range 6 {
		topic, cmd := p.command()
		got = append(got, topic, cmd["cmd"], cmd["status"])
	}
	want := []any{"a", "subscribe", nil, "__config__", "reactive", true, "b", "subscribe", nil,
		"__config__", "reactive", false, "c", "subscribe", nil, "__config__", "reactive", true}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestManualReactive(t *testing.T) {
	c, p := newScript(t).attach("meter", component.WithManualReactive())
	_, err := c.Subscribe(t.Context(), "a", func() {})
	must(t, err)
	must(t, c.Expose(t.Context(), "f", func() {}))
	p.command()
	if topic, cmd := p.command(); topic != "f" {
		t.Errorf("got %q %v", topic, cmd)
	}
}

func TestSubscribeRefused(t *testing.T) {
	s := newScript(t)
	s.agree = func(m *protocol.Message) *protocol.Message {
		if m.Type == protocol.Admin && m.Topic == "secret" {
			return protocol.NewError(m.ID, protocol.Errorf(protocol.StatusError, "private"))
		}
		return agreed(m)
	}
	c, _ := s.attach("meter")
	if _, err := c.Subscribe(t.Context(), "secret", func() {}); !errors.Is(err, component.ErrFailed) {
		t.Errorf("refused: %v", err)
	}
	if _, err := c.Subscribe(t.Context(), "secret", func() {}); errors.Is(err, component.ErrSubscribed) {
		t.Error("a refused subscription is kept")
	}
	_, err := c.Subscribe(t.Context(), "open", func() {})
	must(t, err)
	if _, err := c.Subscribe(t.Context(), "open", func() {}); !errors.Is(err, component.ErrSubscribed) {
		t.Errorf("twice: %v, want ErrSubscribed", err)
	}
	must(t, c.Unsubscribe(t.Context(), "open"))
	_, err = c.Subscribe(t.Context(), "open", func() {})
	must(t, err)
	must(t, c.Unsubscribe(t.Context(), "of an earlier process"))
	for _, bad := range []string{"", "a\n", "\xff/*"} {
		if _, err := c.Subscribe(t.Context(), bad, func() {}); err == nil {
			t.Errorf("subscribed to %q", bad)
		}
	}
	if _, err := c.Subscribe(t.Context(), "t", func() {}, component.From(-time.Second)); err == nil {
		t.Error("subscribed from the future")
	}
}

type point struct{ X, Y float64 }

// The forms of handler that the package comment promises.
func TestHandlerForms(t *testing.T) {
	got := make(chan any, 1)
	type list []any
	for _, tc := range []struct {
		name    string
		topic   string
		handler any
		data    []any // as the broker sends it
		want    any
	}{
		{"no parameters", "t", func() { got <- "called" }, nil, "called"},
		{"values", "t", func(x float64, s string, b bool) { got <- list{x, s, b} }, []any{1, "a", true}, list{1.0, "a", true}},
		{"with context", "t", func(ctx context.Context, n int) { got <- list{ctx.Err(), n} }, []any{7}, list{nil, 7}},
		{"a map", "t", func(m map[string]float64) { got <- m }, []any{map[string]any{"x": 1.5}}, map[string]float64{"x": 1.5}},
		{"a struct", "t", func(p point) { got <- p }, []any{map[string]any{"X": 1.5, "Y": 2}}, point{1.5, 2}},
		{"a pointer", "t", func(p *point) { got <- *p }, []any{map[string]any{"X": 1.5, "Y": 2}}, point{1.5, 2}},
		{"anything", "t", func(v any) { got <- v }, []any{[]any{1, "a"}}, []any{int64(1), "a"}},
		{"bytes", "t", func(b []byte) { got <- b }, []any{[]byte{1, 2}}, []byte{1, 2}},
		{"variadic", "t", func(s string, n ...int) { got <- list{s, n} }, []any{"a", 1, 2}, list{"a", []int{1, 2}}},
		{"variadic without", "t", func(n ...int) { got <- len(n) }, nil, 0},
		{"raw", "t", func(r protocol.RawValue) { got <- []byte(r) }, []any{1}, []byte{1}},
		{"value", "t", func(v component.Value) { var n int; got <- list{v.Decode(&n), n} }, []any{5}, list{nil, 5}},
		{"data frame", "t", func(df protocol.DataFrame) { got <- []byte(df) }, []any{protocol.DataFrame("arrow")}, []byte("arrow")},
		{"space", "*/telemetry", func(topic string, m map[string]int) { got <- list{topic, m["x"]} },
			[]any{"a/telemetry", map[string]any{"x": 1}}, list{"a/telemetry", 1}},
		{"space without arguments", "**", func(topic string) { got <- topic }, []any{"a"}, "a"},
		{"message", "t", func(m *component.Message) { var n int; got <- list{m.Topic(), m.Pattern(), m.Decode(&n), n} },
			[]any{5}, list{"t", "t", nil, 5}},
		{"message of a space", "a/*", func(m *component.Message) error {
			var n int
			got <- list{m.Topic(), m.Pattern(), m.Decode(&n, nil), n}
			return nil
		}, []any{"a/b", 5, "skipped"}, list{"a/b", "a/*", nil, 5}},
		{"message with context", "t", func(ctx context.Context, m *component.Message) error {
			a, err := m.Args()
			got <- list{len(a), err, ctx.Err()}
			return nil
		}, []any{5, 6}, list{2, nil, nil}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, p := newScript(t).attach("", component.OnError(func(err error) { got <- err }))
			_, err := c.Subscribe(t.Context(), tc.topic, tc.handler)
			must(t, err)
			p.send(protocol.NewPub(tc.topic, args(t, tc.data...)))
			if v := <-got; !reflect.DeepEqual(v, tc.want) {
				t.Errorf("got %#v, want %#v", v, tc.want)
			}
		})
	}
}

func TestUnusableHandlers(t *testing.T) {
	c, _ := newScript(t).attach("")
	var none func()
	for _, fn := range []any{nil, 1, "f", none, func() int { return 1 }, func() (error, error) { return nil, nil }} {
		if _, err := c.Subscribe(t.Context(), "t", fn); !errors.Is(err, component.ErrHandler) {
			t.Errorf("Subscribe %T: %v, want ErrHandler", fn, err)
		}
	}
	for _, fn := range []any{nil, 1, none, func() (int, int) { return 1, 2 }, func() (int, int, error) { return 1, 2, nil }} {
		if err := c.Expose(t.Context(), "f", fn); !errors.Is(err, component.ErrHandler) {
			t.Errorf("Expose %T: %v, want ErrHandler", fn, err)
		}
	}
}

func TestMessageKeepsSlotAndQoS(t *testing.T) {
	c, p := newScript(t).attach("")
	got := make(chan *component.Message, 2)
	_, err := c.Subscribe(t.Context(), "t", func(m *component.Message) { got <- m })
	must(t, err)
	p.send(&protocol.Message{Type: protocol.Pub, Topic: "t", QoS: component.QoS1, HasSlot: true, Slot: 9, ID: protocol.NumberID(1<<32 | 9)},
		protocol.NewPub("t", args(t, 1)))
	m := <-got
	if slot, ok := m.Slot(); m.QoS() != component.QoS1 || slot != 9 || !ok {
		t.Errorf("QoS %d, slot %d %v", m.QoS(), slot, ok)
	}
	if args, err := m.Args(); len(args) != 0 || err != nil {
		t.Errorf("null gives %v, %v", args, err)
	}
	m = <-got
	if slot, ok := m.Slot(); m.QoS() != component.QoS0 || slot != 0 || ok {
		t.Errorf("QoS %d, slot %d %v", m.QoS(), slot, ok)
	}
	if err := m.Decode(); !errors.Is(err, component.ErrArguments) {
		t.Errorf("Decode of too few: %v", err)
	}
	if err := m.Decode(new([]string)); !errors.Is(err, component.ErrArguments) {
		t.Errorf("Decode of a wrong type: %v", err)
	}
}

// Handlers that fail: the next message comes all the same, and OnError learns why.
func TestHandlerFailures(t *testing.T) {
	failures := make(chan error, 10)
	c, p := newScript(t).attach("", component.OnError(func(err error) { failures <- err }))
	boom := errors.New("boom")
	_, err := c.Subscribe(t.Context(), "t", func(n int) error {
		if n == 2 {
			panic("at two")
		}
		return boom
	})
	must(t, err)
	p.send(protocol.NewPub("t", args(t, 1)), protocol.NewPub("t", args(t, 2)), protocol.NewPub("t", args(t, "x")),
		protocol.NewPub("t", args(t)), protocol.NewPub("t", args(t, 1, 2)))
	check := func(want string, is error) {
		t.Helper()
		err := <-failures
		var h *component.HandlerError
		if !errors.As(err, &h) || h.Topic != "t" || is != nil && !errors.Is(err, is) || is == nil && h.Err.Error() != want {
			t.Errorf("got %v, want %v %v", err, want, is)
		}
	}
	check("", boom)
	check("panic: at two", nil)
	check("", component.ErrArguments)
	check("", component.ErrArguments)
	check("", component.ErrArguments)
}

// Section QoS of protocol.md, broker -> subscriber. The ACK comes after the
// handler; QoS2 is handled once whatever is repeated.
func TestDeliveryAcks(t *testing.T) {
	c, p := newScript(t).attach("meter")
	begin, end := make(chan int), make(chan struct{})
	_, err := c.Subscribe(t.Context(), "t", func(n int) error {
		begin <- n
		<-end
		return errors.New("acknowledged nevertheless")
	})
	must(t, err)
	pub := func(n int, q component.QoS) *protocol.Message {
		return protocol.NewPub("t", args(t, n)).Delivery(protocol.NumberID(uint64(n)), q)
	}
	handle := func(want int) {
		t.Helper()
		if n := <-begin; n != want {
			t.Errorf("handling %d, want %d", n, want)
		}
		end <- struct{}{}
	}
	acked := func(want uint64) {
		t.Helper()
		if id := p.next(protocol.Ack).ID; id != protocol.NumberID(want) {
			t.Errorf("ACK of %v, want %d", id, want)
		}
	}
	p.send(pub(1, component.QoS1), pub(1, component.QoS1)) // the repeat waits behind itself: nothing new
	<-begin
	select {
	case m := <-p.got:
		t.Errorf("a message of type %d before the handler returned", m.Type)
	default:
	}
	end <- struct{}{}
	acked(1)
	p.send(pub(1, component.QoS1)) // QoS1: at least once
	handle(1)
	acked(1)
	p.send(pub(2, component.QoS2))
	handle(2)
	acked(2)
	p.send(pub(2, component.QoS2)) // its ACK was lost: again, and no handler
	acked(2)
	p.send(protocol.NewAck2(protocol.NumberID(2)), pub(2, component.QoS2)) // the id is free again
	handle(2)
	acked(2)
}

// A slow handler never stops answers from coming in: it may call itself.
func TestHandlerMayCall(t *testing.T) {
	c, p := newScript(t).attach("meter")
	result := make(chan float64)
	_, err := c.Subscribe(t.Context(), "t", func(ctx context.Context, x float64) error {
		v, err := component.Call[float64](ctx, c, "double", x)
		result <- v
		return err
	})
	must(t, err)
	p.send(protocol.NewPub("t", args(t, 2)))
	call := p.next(protocol.RPC)
	for range 1000 {
		p.send(protocol.NewPub("other", args(t, 2)))
	}
	p.send(protocol.NewResponse(call.ID, protocol.StatusOK, value(t, 4)))
	if v := <-result; v != 4 {
		t.Errorf("got %v", v)
	}
}

// Slow handlers: the oldest QoS0 goes, QoS1 stays, and both keep their order.
func TestSlowHandlerDropsOldestQoS0(t *testing.T) {
	slow := make(chan error, 100)
	c, p := newScript(t).attach("meter", component.WithInbox(20_000), component.OnError(func(err error) { slow <- err }))
	got, release := make(chan int, 1000), make(chan struct{})
	_, err := c.Subscribe(t.Context(), "t", func(n int, _ []byte) {
		got <- n
		<-release
	})
	must(t, err)
	p.send(protocol.NewPub("t", args(t, 0, []byte{})))
	<-got // the handler is busy from here on
	const n = 100
	for i := 1; i <= n; i++ {
		m := protocol.NewPub("t", args(t, i, make([]byte, 1000)))
		if i%10 == 0 {
			m = m.Delivery(protocol.NumberID(uint64(i)), component.QoS1)
		}
		p.send(m)
	}
	p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(7), Topic: "nobody"})
	p.next(protocol.Response) // all before it was read
	dropped := int(c.Stats().Dropped)
	if dropped < 70 || dropped > 80 {
		t.Errorf("%d dropped", dropped)
	}
	close(release)
	last, sure := 0, 0
	for range n - dropped {
		i := <-got
		if i <= last {
			t.Errorf("%d after %d", i, last)
		}
		if last = i; i%10 == 0 {
			sure++
		}
	}
	if sure != 10 || last != 100 {
		t.Errorf("%d of 10 QoS1 messages, the last was %d", sure, last)
	}
	if err := <-slow; !errors.Is(err, component.ErrSlow) {
		t.Errorf("reported %v, want ErrSlow", err)
	}
}

// A named component that starts again gets messages before it has subscribed.
func TestDeliveryBeforeSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := make(chan error, 10)
		c, p := newScript(t).attach("meter", component.OnError(func(err error) { failures <- err }))
		sure := func(topic string, n int) *protocol.Message {
			return protocol.NewPub(topic, args(t, n)).Delivery(protocol.NumberID(uint64(n)), component.QoS1)
		}
		p.send(sure("t", 1), sure("t", 2), sure("given up", 3))
		synctest.Wait()
		got := make(chan int, 10)
		_, err := c.Subscribe(t.Context(), "t", func(n int) { got <- n })
		must(t, err)
		p.send(sure("t", 4))
		for _, want := range []int{1, 2, 4} {
			if n := <-got; n != want {
				t.Errorf("got %d, want %d", n, want)
			}
			p.next(protocol.Ack)
		}
		began := time.Now()
		if id := p.next(protocol.Ack).ID; id != protocol.NumberID(3) {
			t.Errorf("ACK of %v", id)
		}
		if err := <-failures; !errors.Is(err, component.ErrNoHandler) {
			t.Errorf("reported %v, want ErrNoHandler", err)
		}
		if d := time.Since(began); d != 5*time.Second || c.Stats().Unhandled != 1 {
			t.Errorf("discarded %d after %v", c.Stats().Unhandled, d)
		}
	})
}

func TestNoHandlerAfterUnsubscribe(t *testing.T) {
	c, p := newScript(t).attach("meter")
	got, release := make(chan int, 10), make(chan struct{})
	sub, err := c.Subscribe(t.Context(), "t", func(n int) { got <- n; <-release })
	must(t, err)
	sure := func(n int) *protocol.Message {
		return protocol.NewPub("t", args(t, n)).Delivery(protocol.NumberID(uint64(n)), component.QoS1)
	}
	p.send(sure(1), sure(2))
	<-got
	must(t, sub.Unsubscribe(t.Context()))
	must(t, sub.Unsubscribe(t.Context()))
	close(release)
	p.next(protocol.Ack)
	p.next(protocol.Ack) // the second without its handler
	select {
	case n := <-got:
		t.Errorf("handled %d", n)
	default:
	}
}
