package component_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// TestAcceptance runs the same cases over every transport and encoding, against
// the real broker.
func TestAcceptance(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			for _, tc := range cases {
				t.Run(tc.name, func(t *testing.T) { tc.run(t, newBroker(t, w)) })
			}
		})
	}
}

var cases = []struct {
	name string
	run  func(*testing.T, *broker)
}{
	{"publish to an exact topic", acceptExact},
	{"publish to a space", acceptSpace},
	{"QoS and slot", acceptQoS},
	{"a thousand in order", acceptOrder},
	{"call, both ways", acceptRPC},
	{"direct", acceptDirect},
	{"errors", acceptErrors},
	{"exposer lost", acceptExposerLost},
	{"unsubscribe and unexpose", acceptUnsubscribe},
	{"reactive and unreactive", acceptReactive},
	{"replay after being away", acceptReplay},
	{"name in use", acceptNameInUse},
	{"reconnect", acceptReconnect},
	{"data frame", acceptFrame},
	{"built-in methods", acceptBuiltin},
}

func acceptExact(t *testing.T, b *broker) {
	meter, display := b.component("meter"), b.component("display")
	got := make(chan []any, 1)
	_, err := display.Subscribe(t.Context(), "belluno.s1/telemetry", func(v ...any) { got <- v })
	must(t, err)
	for _, want := range [][]any{
		{},
		{1.5, "text", true, nil},
		{map[string]any{"temperature": 18.5, "list": []any{int64(1), int64(2)}}},
		{int64(1<<53 + 1), int64(-1 << 62)},
	} {
		must(t, meter.Publish(t.Context(), "belluno.s1/telemetry", want...))
		if v := <-got; len(v) != len(want) || len(v) > 0 && !reflect.DeepEqual(v, want) {
			t.Errorf("got %#v, want %#v", v, want)
		}
	}
}

func acceptSpace(t *testing.T, b *broker) {
	meter, display := b.component("meter"), b.component("display")
	type reading struct {
		topic string
		value map[string]float64
	}
	got := make(chan reading, 10)
	_, err := display.Subscribe(t.Context(), "**/telemetry", func(topic string, m map[string]float64) error {
		got <- reading{topic, m}
		return nil
	})
	must(t, err)
	whole := make(chan *component.Message, 10)
	_, err = display.Subscribe(t.Context(), "a/*/telemetry", func(m *component.Message) { whole <- m })
	must(t, err)
	must(t, meter.Publish(t.Context(), "b/other", 1))
	must(t, meter.Put(t.Context(), "telemetry", map[string]any{"x": 1}))
	must(t, meter.Publish(t.Context(), "a/b/telemetry", map[string]any{"x": 2}))
	if r := <-got; r.topic != "meter/telemetry" || r.value["x"] != 1 {
		t.Errorf("got %v", r)
	}
	if r := <-got; r.topic != "a/b/telemetry" || r.value["x"] != 2 {
		t.Errorf("got %v", r)
	}
	m := <-whole
	var v map[string]int
	if err := m.Decode(&v); err != nil || v["x"] != 2 || m.Topic() != "a/b/telemetry" || m.Pattern() != "a/*/telemetry" {
		t.Errorf("got %v %q %q, %v", v, m.Topic(), m.Pattern(), err)
	}
}

func acceptQoS(t *testing.T, b *broker) {
	meter, display := b.component("meter"), b.component("display")
	got := make(chan *component.Message, 10)
	_, err := display.Subscribe(t.Context(), "alarm", func(m *component.Message) { got <- m })
	must(t, err)
	for q := component.QoS0; q <= component.QoS2; q++ {
		must(t, meter.Topic("alarm", component.WithQoS(q), component.WithSlot(77)).Publish(t.Context(), "battery low", "CRITICAL"))
		m := <-got
		var what, level string
		must(t, m.Decode(&what, &level))
		slot, ok := m.Slot()
		if m.QoS() != q || what != "battery low" || level != "CRITICAL" {
			t.Errorf("QoS %d: got QoS %d, %q, %q", q, m.QoS(), what, level)
		}
		if !b.way.json && (slot != 77 || !ok) { // section 2 of protocol.md: no slot towards JSON
			t.Errorf("QoS %d: slot %d, %v", q, slot, ok)
		}
	}
}

func acceptOrder(t *testing.T, b *broker) {
	const n = 3000 // more than the windows
	meter, display := b.component("meter"), b.component("display")
	for q := component.QoS0; q <= component.QoS2; q++ {
		topic := meter.Topic(fmt.Sprintf("count/%d", q), component.WithQoS(q))
		got := make(chan int, n)
		_, err := display.Subscribe(t.Context(), topic.Name(), func(i int) { got <- i })
		must(t, err)
		for i := range n {
			_, err := topic.PublishAsync(t.Context(), i)
			must(t, err)
		}
		must(t, meter.Flush(t.Context()))
		for want := range n {
			if i := <-got; i != want {
				t.Fatalf("QoS %d: got %d, want %d", q, i, want)
			}
		}
	}
}

func acceptRPC(t *testing.T, b *broker) {
	alice, bob := b.component("alice"), b.component("bob")
	must(t, alice.Expose(t.Context(), "add", func(x, y float64) float64 { return x + y }))
	must(t, bob.Expose(t.Context(), "upper", func(ctx context.Context, m map[string]string) (map[string]any, error) {
		sum, err := component.Call[float64](ctx, bob, "add", 1, 2) // a call within a call
		return map[string]any{"name": m["name"] + "!", "sum": sum}, err
	}))
	v, err := bob.RPC(t.Context(), "add", 1, 2.5)
	must(t, err)
	var f float64
	if err := v.Decode(&f); err != nil || f != 3.5 {
		t.Errorf("add: %v, %v", f, err)
	}
	m, err := component.Call[map[string]any](t.Context(), alice, "upper", map[string]any{"name": "x"})
	if err != nil || m["name"] != "x!" || fmt.Sprint(m["sum"]) != "3" {
		t.Errorf("upper: %v, %v", m, err)
	}
}

func acceptDirect(t *testing.T, b *broker) {
	alice, bob, carol := b.component("alice"), b.component("bob"), b.component("carol")
	must(t, alice.Expose(t.Context(), "who", func() string { return "alice" }))
	must(t, bob.Expose(t.Context(), "who", func() string { return "bob" }))
	for _, name := range []string{"alice", "bob"} {
		v, err := carol.Direct(t.Context(), name, "who")
		must(t, err)
		var who string
		if err := v.Decode(&who); err != nil || who != name {
			t.Errorf("%s says %q, %v", name, who, err)
		}
	}
}

// Row "Status" of protocol.md, as far as a component can cause them.
func acceptErrors(t *testing.T, b *broker) {
	alice, bob, away := b.component("alice"), b.component("bob"), b.component("away")
	for name, fn := range map[string]any{
		"fail":    func() error { return errors.New("no luck") },
		"panic":   func() { panic("oh") },
		"two":     func(x, y int) {},
		"choose":  func() error { return &component.Error{Status: protocol.StatusError, Text: "ten"} },
		"unknown": func() {},
	} {
		must(t, alice.Expose(t.Context(), name, fn))
	}
	must(t, away.Expose(t.Context(), "gone", func() {}))
	must(t, away.Expose(t.Context(), "mine", func() {}))
	b.close(away)
	for _, tc := range []struct {
		name   string
		call   func() error
		is     error
		status protocol.Status
		text   string
		cbor   bool // JSON carries no target
	}{
		{"exception", rpc(t, bob, "fail"), component.ErrException, 40, "no luck", false},
		{"panic", rpc(t, bob, "panic"), component.ErrException, 40, "panic: oh", false},
		{"arguments", rpc(t, bob, "two", 1), component.ErrArguments, 41, "", false},
		{"not found", rpc(t, bob, "nowhere"), component.ErrNotFound, 42, "nowhere", false},
		{"unavailable", rpc(t, bob, "gone"), component.ErrUnavailable, 43, "gone", false},
		{"loopback", rpc(t, alice, "fail"), component.ErrLoopback, 44, "", false},
		{"target not found", direct(t, bob, "nobody", "fail"), component.ErrTargetNotFound, 45, "", true},
		{"target down", direct(t, bob, "away", "gone"), component.ErrTargetDown, 46, "", true},
		{"the handler's own", rpc(t, bob, "choose"), component.ErrFailed, 10, "ten", false},
	} {
		if tc.cbor && b.way.json {
			continue
		}
		err := tc.call()
		var refusal *component.Error
		if !errors.Is(err, tc.is) || !errors.As(err, &refusal) || refusal.Status != tc.status || tc.text != "" && refusal.Text != tc.text {
			t.Errorf("%s: got %v, want %d %q", tc.name, err, tc.status, tc.text)
		}
	}
}

func rpc(t *testing.T, c *component.Component, method string, args ...any) func() error {
	return func() error { _, err := c.RPC(t.Context(), method, args...); return err }
}

func direct(t *testing.T, c *component.Component, target, method string) func() error {
	return func() error { _, err := c.Direct(t.Context(), target, method); return err }
}

// Fault 22: the callee dies; the caller learns it at once.
func acceptExposerLost(t *testing.T, b *broker) {
	alice, bob := b.component("alice"), b.component("bob", component.WithoutReconnect())
	begin := make(chan struct{})
	must(t, bob.Expose(t.Context(), "hang", func(ctx context.Context) { close(begin); <-ctx.Done() }))
	result := make(chan error)
	go func() { result <- rpc(t, alice, "hang")() }()
	<-begin
	b.cut("bob")
	if err := <-result; !errors.Is(err, component.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

func acceptUnsubscribe(t *testing.T, b *broker) {
	alice, bob := b.component("alice"), b.component("bob")
	got := make(chan string, 10)
	sub, err := alice.Subscribe(t.Context(), "t", func() { got <- "t" })
	must(t, err)
	_, err = alice.Subscribe(t.Context(), "last", func() { got <- "last" })
	must(t, err)
	must(t, alice.Expose(t.Context(), "f", func() {}))
	must(t, bob.Publish(t.Context(), "t"))
	if s := <-got; s != "t" {
		t.Errorf("got %q", s)
	}
	must(t, rpc(t, bob, "f")())
	must(t, sub.Unsubscribe(t.Context()))
	must(t, alice.Unexpose(t.Context(), "f"))
	must(t, bob.Publish(t.Context(), "t"))
	must(t, bob.Publish(t.Context(), "last"))
	if s := <-got; s != "last" {
		t.Errorf("got %q after Unsubscribe", s)
	}
	if err := rpc(t, bob, "f")(); !errors.Is(err, component.ErrNotFound) {
		t.Errorf("after Unexpose: %v", err)
	}
}

// What was acknowledged before the pause does not come again after it.
func acceptReactive(t *testing.T, b *broker) {
	alice, bob := b.component("alice"), b.component("bob")
	got := make(chan int, 10)
	_, err := alice.Subscribe(t.Context(), "t", func(n int) { got <- n }, component.From(component.LastReceived))
	must(t, err)
	mark := make(chan struct{}, 10)
	_, err = alice.Subscribe(t.Context(), "mark", func() { mark <- struct{}{} })
	must(t, err)
	topic := bob.Topic("t", component.WithQoS(component.QoS1))
	must(t, topic.Publish(t.Context(), 1))
	must(t, bob.Topic("mark", component.WithQoS(component.QoS1)).Publish(t.Context()))
	if n := <-got; n != 1 {
		t.Errorf("got %d", n)
	}
	<-mark // behind the ACK of the first
	must(t, alice.Unreactive(t.Context()))
	must(t, rpc(t, alice, "rid")()) // the broker has carried the pause out
	must(t, topic.Publish(t.Context(), 2))
	must(t, topic.Publish(t.Context(), 3))
	must(t, rpc(t, alice, "rid")()) // whatever was on its way has arrived
	if len(got) > 0 {
		t.Errorf("got %d while paused", <-got)
	}
	must(t, alice.Reactive(t.Context()))
	if a, b := <-got, <-got; a != 2 || b != 3 {
		t.Errorf("got %d, %d after the pause", a, b)
	}
}

// A component that was away gets what it missed, and nothing twice.
func acceptReplay(t *testing.T, b *broker) {
	bob := b.component("bob")
	topic := bob.Topic("t", component.WithQoS(component.QoS1))
	got := make(chan int, 100)
	subscribe := func() *component.Component {
		alice := b.component("alice")
		_, err := alice.Subscribe(t.Context(), "t", func(n int) { got <- n }, component.From(component.LastReceived))
		must(t, err)
		return alice
	}
	expect := func(from, to int) {
		t.Helper()
		for want := from; want <= to; want++ {
			select {
			case n := <-got:
				if n != want {
					t.Errorf("got %d, want %d", n, want)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%d never came", want)
			}
		}
	}
	must(t, topic.Publish(t.Context(), 1)) // before the subscription existed
	must(t, topic.Publish(t.Context(), 2))
	alice := subscribe()
	expect(1, 2)
	must(t, topic.Publish(t.Context(), 3))
	expect(3, 3)
	b.close(alice)
	for n := 4; n <= 20; n++ {
		must(t, topic.Publish(t.Context(), n))
	}
	subscribe()
	expect(4, 20)
	must(t, topic.Publish(t.Context(), 21))
	expect(21, 21)
}

// Row "Name in use" of protocol.md.
func acceptNameInUse(t *testing.T, b *broker) {
	b.component("alice")
	_, err := component.Attach(t.Context(), b.way.dial(b), "alice", component.WithLogger(quiet))
	var refusal *component.Error
	if !errors.As(err, &refusal) || refusal.Status != protocol.StatusError {
		t.Errorf("got %v, want a refusal", err)
	}
}

func acceptReconnect(t *testing.T, b *broker) {
	up := make(chan struct{}, 1)
	alice, bob := b.component("alice", component.OnReconnect(func() { up <- struct{}{} })), b.component("bob")
	got := make(chan int, 1000)
	_, err := alice.Subscribe(t.Context(), "t", func(n int) { got <- n }, component.From(component.LastReceived))
	must(t, err)
	must(t, alice.Expose(t.Context(), "f", func() int { return 5 }))
	topic := bob.Topic("t", component.WithQoS(component.QoS2))
	for n := range 100 {
		if n%25 == 10 {
			b.cut("alice")
			<-up
		}
		must(t, topic.Publish(t.Context(), n))
	}
	for want := range 100 {
		if n := <-got; n != want {
			t.Fatalf("got %d, want %d", n, want)
		}
	}
	if n, err := component.Call[int](t.Context(), bob, "f"); n != 5 || err != nil {
		t.Errorf("the exposed function: %d, %v", n, err)
	}
}

func acceptFrame(t *testing.T, b *broker) {
	if b.way.json {
		t.Skip("towards JSON a DataFrame becomes rows")
	}
	alice, bob := b.component("alice"), b.component("bob")
	must(t, alice.Expose(t.Context(), "echo", func(df protocol.DataFrame) protocol.DataFrame { return df }))
	v, err := bob.RPC(t.Context(), "echo", protocol.DataFrame("a stream"))
	must(t, err)
	if df, ok := v.DataFrame(); !ok || string(df) != "a stream" {
		t.Errorf("got %q, %v", df, ok)
	}
}

func acceptBuiltin(t *testing.T, b *broker) {
	alice := b.component("")
	if rid, err := component.Call[string](t.Context(), alice, "rid"); err != nil || rid != "broker" {
		t.Errorf("rid: %q, %v", rid, err)
	}
}
