package component_test

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// answering makes the peer answer the next call.
func answering(p *peer, status protocol.Status, data *protocol.Payload) <-chan *protocol.Message {
	call := make(chan *protocol.Message, 1)
	go func() {
		m := <-p.got
		call <- m
		p.send(protocol.NewResponse(m.ID, status, data))
	}()
	return call
}

// Rows "2 RPC" and "4 RESPONSE" of protocol.md.
func TestRPC(t *testing.T) {
	c, p := newScript(t).attach("meter")
	call := answering(p, protocol.StatusOK, value(t, 3))
	v, err := c.RPC(t.Context(), "add", 1, 2)
	must(t, err)
	m := <-call
	if n, ok := m.ID.Number(); m.Type != protocol.RPC || m.Topic != "add" || m.Target != "" || !ok || n == 0 || n >= 1<<53 {
		t.Errorf("sent %+v", m)
	}
	if got := decoded(t, m.Data); !reflect.DeepEqual(got, []any{int64(1), int64(2)}) {
		t.Errorf("arguments %v", got)
	}
	var f float64
	if err := v.Decode(&f); err != nil || f != 3 || v.IsNull() {
		t.Errorf("result %v, %v", f, err)
	}

	call = answering(p, protocol.StatusOK, nil)
	v, err = c.Direct(t.Context(), "calculator", "reset")
	must(t, err)
	if m := <-call; m.Target != "calculator" || m.Topic != "reset" {
		t.Errorf("sent %+v", m)
	}
	if !v.IsNull() {
		t.Error("null is not null")
	}

	answering(p, protocol.StatusOK, value(t, []string{"a", "b"}))
	list, err := component.Call[[]string](t.Context(), c, "names")
	if err != nil || !reflect.DeepEqual(list, []string{"a", "b"}) {
		t.Errorf("Call: %v, %v", list, err)
	}

	answering(p, protocol.StatusOK, value(t, protocol.DataFrame("arrow")))
	v, err = c.RPC(t.Context(), "query_telemetry")
	must(t, err)
	if df, ok := v.DataFrame(); !ok || string(df) != "arrow" {
		t.Errorf("DataFrame: %q %v", df, ok)
	}
}

// Row "Status" of protocol.md: each has its own error.
func TestRPCErrors(t *testing.T) {
	c, p := newScript(t).attach("meter")
	for status, want := range map[protocol.Status]error{
		10: component.ErrFailed, 20: component.ErrIdentification, 40: component.ErrException, 41: component.ErrArguments,
		42: component.ErrNotFound, 43: component.ErrUnavailable, 44: component.ErrLoopback, 45: component.ErrTargetNotFound,
		46: component.ErrTargetDown, 47: component.ErrUnknownCommand, 60: component.ErrNameTaken,
	} {
		answering(p, status, value(t, "the reason"))
		_, err := c.RPC(t.Context(), "f")
		var refusal *component.Error
		if !errors.Is(err, want) || !errors.As(err, &refusal) || refusal.Status != status || refusal.Text != "the reason" {
			t.Errorf("status %d: %v", status, err)
		}
		answering(p, status, nil)
		if _, err := c.RPC(t.Context(), "f"); !errors.Is(err, want) {
			t.Errorf("status %d without text: %v", status, err)
		}
	}
	answering(p, protocol.StatusError, value(t, []int{1}))
	if _, err := c.RPC(t.Context(), "f"); !errors.Is(err, component.ErrFailed) {
		t.Errorf("a text that is none: %v", err)
	}
	if _, err := c.RPC(t.Context(), "a\nb"); err == nil {
		t.Error("a bad method name was called")
	}
	if _, err := c.Direct(t.Context(), "", "f"); err == nil {
		t.Error("no target was called")
	}
}

func TestRPCTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newScript(t).attach("meter")
		began := time.Now()
		_, err := c.RPC(context.Background(), "f")
		if d := time.Since(began); !errors.Is(err, component.ErrTimeout) || d != 10*time.Second {
			t.Errorf("without a deadline: %v after %v", err, d)
		}
		began = time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = c.RPC(ctx, "f")
		if d := time.Since(began); !errors.Is(err, component.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) || d != time.Minute {
			t.Errorf("with a deadline: %v after %v", err, d)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := c.RPC(ctx, "f"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		// Late answers find nobody and do no harm.
		late := p.next(protocol.RPC)
		p.send(protocol.NewResponse(late.ID, protocol.StatusOK, nil), protocol.NewResponse(protocol.NumberID(1), protocol.StatusOK, nil))
		p.next(protocol.RPC)
		answering(p, protocol.StatusOK, value(t, 5))
		if n, err := component.Call[int](t.Context(), c, "f"); n != 5 || err != nil {
			t.Errorf("the next call: %v, %v", n, err)
		}
	})
}

// Fault 23: an answer to a request id that is not ours changes nothing.
func TestRPCAnswersByID(t *testing.T) {
	const callers = 50
	c, p := newScript(t).attach("meter")
	go func() {
		var calls []*protocol.Message
		for range callers {
			calls = append(calls, <-p.got)
		}
		for i := range calls { // in another order
			m := calls[len(calls)-1-i]
			n, _ := m.ID.Number()
			p.send(protocol.NewResponse(protocol.NumberID(n^1<<60), protocol.StatusOK, nil),
				protocol.NewResponse(m.ID, protocol.StatusOK, value(t, decoded(t, m.Data)[0])))
		}
	}()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			if n, err := component.Call[int](t.Context(), c, "echo", i); n != i || err != nil {
				t.Errorf("caller %d got %d, %v", i, n, err)
			}
		})
	}
	wg.Wait()
}

func TestExposeCommands(t *testing.T) {
	c, p := newScript(t).attach("meter")
	must(t, c.Expose(t.Context(), "f", func() {}))
	if topic, cmd := p.command(); topic != "f" || !reflect.DeepEqual(cmd, map[string]any{"cmd": "expose"}) {
		t.Errorf("got %q %v", topic, cmd)
	}
	if err := c.Expose(t.Context(), "f", func() {}); !errors.Is(err, component.ErrExposed) {
		t.Errorf("twice: %v, want ErrExposed", err)
	}
	must(t, c.Unexpose(t.Context(), "f"))
	if topic, cmd := p.command(); topic != "f" || !reflect.DeepEqual(cmd, map[string]any{"cmd": "unexpose"}) {
		t.Errorf("got %q %v", topic, cmd)
	}
	must(t, c.Expose(t.Context(), "f", func() {}))
	if err := c.Expose(t.Context(), "a\x00", func() {}); err == nil {
		t.Error("a bad name was exposed")
	}
}

// Status 40 to 44 of protocol.md, as a component answers.
func TestExposedFunctions(t *testing.T) {
	c, p := newScript(t).attach("meter")
	for name, fn := range map[string]any{
		"add":      func(x, y float64) float64 { return x + y },
		"sum":      func(ctx context.Context, n ...int) (s int, err error) { return len(n), ctx.Err() },
		"nothing":  func() {},
		"fine":     func() error { return nil },
		"fail":     func() (int, error) { return 1, errors.New("no luck") },
		"silent":   func() error { return errors.New("") },
		"choose":   func() error { return &component.Error{Status: protocol.StatusMethodUnavailable, Text: "later"} },
		"cheat":    func() error { return &component.Error{Status: protocol.StatusOK, Text: "not an error"} },
		"panic":    func() int { panic("oh") },
		"nil":      func(m map[string]int) { m["x"] = 1 },
		"unsent":   func() any { return make(chan int) },
		"huge":     func() []byte { return make([]byte, 65<<20) },
		"message":  func(_ context.Context, m *component.Message) (any, error) { return m.Topic(), nil },
		"payload":  func() *protocol.Payload { return value(t, 7) },
		"value":    func(v component.Value) component.Value { return v },
		"optional": func(p *int) bool { return p == nil },
	} {
		must(t, c.Expose(t.Context(), name, fn))
	}
	for _, tc := range []struct {
		method string
		args   []any
		status protocol.Status
		want   any
	}{
		{"add", []any{1, 2.5}, 0, 3.5},
		{"sum", []any{1, 2, 3}, 0, int64(3)},
		{"sum", nil, 0, int64(0)},
		{"nothing", nil, 0, nil},
		{"fine", nil, 0, nil},
		{"fail", nil, 40, "no luck"},
		{"silent", nil, 40, "failed"},
		{"choose", nil, 43, "later"},
		{"cheat", nil, 40, "rembus: ok: not an error"},
		{"panic", nil, 40, "panic: oh"},
		{"nil", []any{nil}, 40, "panic: assignment to entry in nil map"},
		{"message", nil, 0, "message"},
		{"payload", nil, 0, int64(7)},
		{"value", []any{"as it came"}, 0, "as it came"},
		{"optional", []any{nil}, 0, true},
		{"add", []any{1}, 41, "1 arguments, want 2"},
		{"add", []any{1, 2, 3}, 41, "3 arguments, want 2"},
		{"unknown", nil, 42, "unknown"},
	} {
		p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(5), Topic: tc.method, Data: args(t, tc.args...)})
		m := p.next(protocol.Response)
		var got any
		must(t, m.Data.Decode(&got))
		if m.ID != protocol.NumberID(5) || m.Status != tc.status || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s%v: status %d, %v; want %d, %v", tc.method, tc.args, m.Status, got, tc.status, tc.want)
		}
	}
	for method, status := range map[string]protocol.Status{"unsent": 40, "huge": 40} {
		p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(5), Topic: method})
		if m := p.next(protocol.Response); m.Status != status || m.Data.IsNull() {
			t.Errorf("%s: status %d", method, m.Status)
		}
	}
	p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(5), Topic: "add", Data: args(t, "a", 1)})
	if m := p.next(protocol.Response); m.Status != protocol.StatusMethodArgs || m.Data.IsNull() {
		t.Errorf("text for a number: status %d", m.Status)
	}
	p.send(&protocol.Message{Type: protocol.Admin, ID: protocol.NumberID(6), Topic: "t"})
	if m := p.next(protocol.Response); m.Status != protocol.StatusError {
		t.Errorf("an admin command to a component: status %d", m.Status)
	}
}

// Calls run at the same time, but not more than the option says; none is lost.
func TestCallsAreBounded(t *testing.T) {
	const limit, calls = 4, 40
	c, p := newScript(t).attach("meter", component.WithHandlers(limit), component.WithInbox(20<<10))
	var mu sync.Mutex
	running, most := 0, 0
	enter, leave := make(chan struct{}, calls), make(chan struct{})
	must(t, c.Expose(t.Context(), "f", func() {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		enter <- struct{}{}
		<-leave
		mu.Lock()
		running--
		mu.Unlock()
	}))
	for i := range calls {
		p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(uint64(i + 1)), Topic: "f"})
	}
	for range limit {
		<-enter
	}
	// One more than the backlog takes is refused, at once.
	p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(999), Topic: "f", Data: args(t, make([]byte, 20<<10))})
	if m := p.next(protocol.Response); m.ID != protocol.NumberID(999) || m.Status != protocol.StatusMethodUnavailable {
		t.Errorf("got %v, status %d", m.ID, m.Status)
	}
	close(leave)
	answered := map[protocol.ID]bool{}
	for range calls {
		m := p.next(protocol.Response)
		answered[m.ID] = m.Status == protocol.StatusOK
	}
	if len(answered) != calls || most != limit {
		t.Errorf("%d of %d answered, %d ran at a time", len(answered), calls, most)
	}
}

// A function that ends its goroutine costs its caller an exception, and no place.
func TestFunctionExits(t *testing.T) {
	b := newBroker(t, ways[1])
	callee, caller := b.component("callee", component.WithHandlers(1)), b.component("caller")
	must(t, callee.Expose(t.Context(), "leave", func() { runtime.Goexit() }))
	must(t, callee.Expose(t.Context(), "stay", func() int { return 1 }))
	var calls sync.WaitGroup
	for range 20 { // some wait for the only place
		calls.Go(func() {
			_, err := caller.RPC(t.Context(), "leave")
			var e *component.Error
			if !errors.As(err, &e) || e.Status != protocol.StatusMethodException || e.Text != "leave ended its goroutine" {
				t.Errorf("%v", err)
			}
		})
		calls.Go(func() {
			if n, err := component.Call[int](t.Context(), caller, "stay"); err != nil || n != 1 {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	calls.Wait()
}
