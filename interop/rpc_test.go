package interop

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/component"
)

func TestPythonCallsGo(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		method := unique("calc")
		server := newGo(t, unique("server"))
		for name, fn := range map[string]any{
			method + ".add":     func(x, y float64) float64 { return x + y },
			method + ".echo":    func(args ...any) []any { return list(args) },
			method + ".nothing": func() {},
			method + "/path":    func(m map[string]any) int { return len(m) },
		} {
			if err := server.Expose(t.Context(), name, fn); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"", unique("caller")} {
			py := newPython(t, s, name)
			py.answers(3, method+".add", 1, 2)
			py.answers(list(values()), method+".echo", values()...)
			py.answers([]any{}, method+".echo")
			py.answers(nil, method+".nothing")
			py.answers(2, method+"/path", map[string]any{"a": 1, "b": nil})
		}
	})
}

func TestGoCallsPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		method := unique("calc")
		py := newPython(t, s, unique("server"))
		for _, behaviour := range []string{"sum", "echo", "nothing"} {
			py.expose(method+"."+behaviour, behaviour)
		}
		for _, opts := range [][]component.Option{nil, {component.WithJSON()}} {
			c := newGo(t, "", opts...)
			if sum, err := component.Call[float64](t.Context(), c, method+".sum", 1.5, 2); err != nil || sum != 3.5 {
				t.Errorf("sum: %v, %v", sum, err)
			}
			got, err := component.Call[[]any](t.Context(), c, method+".echo", values()...)
			if err != nil || !same(plain(got), values()) {
				t.Errorf("echo: %v, %v", got, err)
			}
			if got, err := component.Call[[]any](t.Context(), c, method+".echo"); err != nil || len(got) != 0 {
				t.Errorf("echo of nothing: %v, %v", got, err)
			}
			if v, err := c.RPC(t.Context(), method+".nothing"); err != nil || !v.IsNull() {
				t.Errorf("nothing: %v, %v", v, err)
			}
		}
	})
}

func TestPythonCallsPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		method := unique("calc")
		server := newPython(t, s, "")
		server.expose(method, "echo")
		for _, other := range styles {
			newPython(t, other, "").answers(values(), method, values()...)
		}
	})
}

func TestDirect(t *testing.T) {
	inBoth(t, "cbor", func(t *testing.T, s style) {
		method := unique("who")
		py := newPython(t, s, unique("py"))
		py.expose(method, "echo")
		server := newGo(t, unique("go"))
		if err := server.Expose(t.Context(), method, func() string { return "go" }); err != nil {
			t.Fatal(err)
		}
		if got, err := py.direct(server.Name(), method); err != nil || got != "go" {
			t.Errorf("direct to Go: %v, %v", got, err)
		}
		caller := newGo(t, "")
		v, err := caller.Direct(t.Context(), py.name, method, 1)
		var got []int
		if err != nil || v.Decode(&got) != nil || len(got) != 1 || got[0] != 1 {
			t.Errorf("direct to Python: %v, %v", got, err)
		}
	})
}

// JSON has no target. The Python client loses it, so that anybody may answer; with the target in the
// method it arrives.
func TestDirectInJSON(t *testing.T) {
	inBoth(t, "json", func(t *testing.T, s style) {
		method := unique("who")
		first, second := newGo(t, unique("first")), newGo(t, unique("second"))
		for _, c := range []*component.Component{first, second} {
			if err := c.Expose(t.Context(), method, c.Name); err != nil {
				t.Fatal(err)
			}
		}
		py := newPython(t, s, "")
		if got, err := py.direct(second.Name(), method); err != nil || got != first.Name() {
			t.Errorf("direct: %v, %v, want the first exposer", got, err)
		}
		py.answers(second.Name(), second.Name()+"/"+method)
		py.answers(first.Name(), first.Name()+"/"+method)
	})
}

func TestUnexpose(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		method := unique("gone")
		py := newPython(t, s, "")
		py.expose(method, "echo")
		py.must("unexpose", map[string]any{"topic": method})
		if _, err := newGo(t, "").RPC(t.Context(), method); !errors.Is(err, component.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestBuiltins(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		py := newPython(t, s, "")
		py.answers("broker", "rid")
		if v, err := py.rpc("version"); err != nil || v == "" {
			t.Errorf("version: %v, %v", v, err)
		}
		v, err := py.rpc("uptime")
		if text, ok := v.(string); err != nil || !ok || !regexp.MustCompile(`^up for \d+ seconds$`).MatchString(text) {
			t.Errorf("uptime: %v, %v", v, err)
		}
	})
}

// The broker serves the caller's other requests while one is under way, and a component
// that serves a call may make one.
func TestCallsAtOnce(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		method := unique("slow")
		server := newPython(t, s, "")
		server.expose(method, "wait")
		py := newPython(t, s, unique("caller"))
		waiting := py.driver.begin(t, py.key, "rpc", map[string]any{"topic": method})
		server.wantsCall(method)
		py.answers("broker", "rid")
		server.must("release", nil)
		if r := <-waiting; r.Error != nil || r.Result != "released" {
			t.Errorf("got %v, %v", r.Result, r.Error)
		}
	})
}

// A refusal reaches Python as a RembusError with this status and text.
func TestErrorsInPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("err")
		server := newGo(t, unique("server"))
		for name, fn := range map[string]any{
			root + ".fails":  func() error { return errors.New("no such luck") },
			root + ".panics": func() { panic("oops") },
			root + ".typed":  func(x int) int { return x },
		} {
			if err := server.Expose(t.Context(), name, fn); err != nil {
				t.Fatal(err)
			}
		}
		away := newPython(t, s, unique("away"))
		away.expose(root+".offline", "echo")
		away.close()
		py := newPython(t, s, unique("caller"))
		py.expose(root+".own", "echo")
		for _, tt := range []struct {
			name, method string
			args         []any
			status       int
			text         string
		}{
			{"method exception", root + ".fails", nil, 40, "no such luck"},
			{"method exception, panic", root + ".panics", nil, 40, "panic: oops"},
			{"argument error, number", root + ".typed", nil, 41, "0 arguments, want 1"},
			{"argument error, type", root + ".typed", []any{"text"}, 41, "argument 1: "},
			{"method not found", root + ".missing", nil, 42, root + ".missing"},
			{"method unavailable", root + ".offline", nil, 43, root + ".offline"},
			{"method loopback", root + ".own", nil, 44, root + ".own"},
		} {
			_, err := py.rpc(tt.method, tt.args...)
			if got, text := status(t, err); got != tt.status || !strings.HasPrefix(text, tt.text) {
				t.Errorf("%s: got %d %q, want %d %q", tt.name, got, text, tt.status, tt.text)
			}
		}
		targets := []struct {
			name, target string
			status       int
		}{{"target not found", unique("nobody"), 45}, {"target down", away.name, 46}}
		for _, tt := range targets {
			var err error
			if s.enc == "cbor" {
				_, err = py.direct(tt.target, root+".offline")
			} else if _, err = py.rpc(tt.target + "/" + root + ".offline"); tt.status == 45 {
				tt.status = 42 // in JSON a name that the broker does not know is part of the method
			}
			if got, text := status(t, err); got != tt.status || !strings.HasPrefix(text, tt.target) {
				t.Errorf("%s: got %d %q, want %d %q", tt.name, got, text, tt.status, tt.target)
			}
		}
	})
}

// What a Python handler throws reaches Go as an exception with its text.
func TestErrorsFromPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("err")
		py := newPython(t, s, "")
		for _, behaviour := range []string{"fail", "fail silently", "sum"} {
			py.expose(root+"."+behaviour, behaviour)
		}
		c := newGo(t, "")
		for _, tt := range []struct {
			behaviour, text string
			args            []any
		}{
			{"fail", "no such luck", nil},
			{"fail silently", "", nil},
			{"sum", "missing 2 required positional arguments", nil},
			{"sum", "unsupported operand", []any{1, "text"}},
		} {
			_, err := c.RPC(t.Context(), root+"."+tt.behaviour, tt.args...)
			if !errors.Is(err, component.ErrException) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%s: got %v, want an exception with %q", tt.behaviour, err, tt.text)
			}
		}
		py.answers("broker", "rid")
	})
}

func TestAdminErrors(t *testing.T) {
	t.Parallel()
	for _, enc := range []string{"cbor", "json"} {
		py := newPython(t, style{"async", enc}, "")
		for command, want := range map[string]int{"nonsense": 47, "private_topic": 10, "shutdown": 10} {
			_, err := py.driver.do(t, py.key, "setting", map[string]any{"topic": "t", "command": command})
			if got, text := status(t, err); got != want {
				t.Errorf("%s %s: got %d %q, want %d", enc, command, got, text, want)
			}
		}
	}
}

// Fault 22: the component that serves a call goes away; the caller learns it at once.
func TestCalleeDies(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		method := unique("slow")
		p := newProxy(t, shared.url)
		server := newPythonAt(t, s, p.url, "")
		server.expose(method, "wait")
		lost := make(chan error, 1)
		c := newGo(t, "")
		go func() {
			_, err := c.RPC(context.Background(), method)
			lost <- err
		}()
		server.wantsCall(method)
		p.cut()
		var e *component.Error
		if err := <-lost; !errors.Is(err, component.ErrUnavailable) || !errors.As(err, &e) || e.Text != method {
			t.Errorf("Go got %v, want ErrUnavailable with the method", err) // a text about time came too late
		}
		server.must("release", nil)

		method = unique("slow")
		called := make(chan struct{})
		callee := newGo(t, "")
		err := callee.Expose(t.Context(), method, func(ctx context.Context) { close(called); <-ctx.Done() })
		if err != nil {
			t.Fatal(err)
		}
		py := newPython(t, s, "")
		waiting := py.driver.begin(t, py.key, "rpc", map[string]any{"topic": method})
		<-called
		ended, cancel := context.WithCancel(context.Background())
		cancel() // Close does not wait for the handler
		_ = callee.Close(ended)
		r := <-waiting
		if r.Error == nil || r.Error.Status != 43 || r.Error.Message != method {
			t.Errorf("Python got %v, %v, want 43", r.Result, r.Error)
		}
	})
}
