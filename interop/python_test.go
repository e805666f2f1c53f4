package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/rembus-go/rembus/component"
)

// style is one way to use the Python client.
type style struct{ api, enc string }

var styles = []style{{"async", "cbor"}, {"async", "json"}, {"sync", "cbor"}, {"sync", "json"}}

func (s style) String() string { return s.api + "/" + s.enc }

// inEachStyle runs a test once for each API and encoding, in parallel.
func inEachStyle(t *testing.T, test func(t *testing.T, s style)) {
	t.Parallel()
	for _, s := range styles {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

// inBoth is inEachStyle with one encoding, for what the other one cannot say.
func inBoth(t *testing.T, enc string, test func(t *testing.T, s style)) {
	t.Parallel()
	for _, api := range []string{"async", "sync"} {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			test(t, style{api, enc})
		})
	}
}

var names atomic.Int64

// unique returns a name, or the first segment of topics, that no other test uses.
func unique(kind string) string { return fmt.Sprintf("%s%d", kind, names.Add(1)) }

// pyComponent is a component of the Python client.
type pyComponent struct {
	t      *testing.T
	driver *driver
	style  style
	name   string // "" is anonymous
	url    string
	key    string
	events queue
	open   bool
}

// newPython connects a Python component to the shared broker under the name, or without
// one.
func newPython(t *testing.T, s style, name string) *pyComponent {
	t.Helper()
	return newPythonAt(t, s, shared.url, name)
}

func newPythonAt(t *testing.T, s style, base, name string) *pyComponent {
	t.Helper()
	return newPythonOf(t, clients, s, base, name)
}

func newPythonOf(t *testing.T, d *driver, s style, base, name string) *pyComponent {
	t.Helper()
	c := &pyComponent{t: t, driver: d, style: s, name: name, url: base, key: unique("c")}
	if name != "" {
		c.url += "/" + name
	}
	c.events.filled = make(chan struct{}, 1)
	c.driver.mu.Lock()
	c.driver.components[c.key] = c
	c.driver.mu.Unlock()
	if err := c.connect(); err != nil {
		t.Fatalf("%v at %s: %v", s, c.url, err)
	}
	t.Cleanup(c.close)
	return c
}

// connect opens the component, which must not be open.
func (c *pyComponent) connect() error {
	c.t.Helper()
	_, err := c.driver.do(c.t, c.key, "open", map[string]any{"url": c.url, "api": c.style.api, "enc": c.style.enc})
	c.open = err == nil
	return err
}

// close disconnects the component, as a program that ends.
func (c *pyComponent) close() {
	c.t.Helper()
	if c.open {
		c.open = false
		c.must("close", nil)
	}
}

// reopen connects the component again after a close: a new program of the same name, which knows nothing of
// the old one.
func (c *pyComponent) reopen() {
	c.t.Helper()
	if err := c.connect(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *pyComponent) must(op string, params map[string]any) any {
	c.t.Helper()
	result, err := c.driver.do(c.t, c.key, op, params)
	if err != nil {
		c.t.Fatalf("%v: %s %v: %v", c.style, op, params, err)
	}
	return result
}

func (c *pyComponent) subscribe(topics ...string) {
	c.t.Helper()
	for _, topic := range topics {
		c.must("subscribe", map[string]any{"topic": topic})
	}
}

// subscribeSince subscribes with a msg_from: nanoseconds, or "last".
func (c *pyComponent) subscribeSince(since any, topic string) {
	c.t.Helper()
	c.must("subscribe", map[string]any{"topic": topic, "since": since})
}

func (c *pyComponent) unsubscribe(topic string) {
	c.t.Helper()
	c.must("unsubscribe", map[string]any{"topic": topic})
}

func (c *pyComponent) reactive(status bool) {
	c.t.Helper()
	c.must("reactive", map[string]any{"status": status})
}

// The QoS as the Python client writes it.
var pyQoS = map[component.QoS]int{component.QoS0: 0, component.QoS1: 0x10, component.QoS2: 0x30}

func (c *pyComponent) publish(topic string, args ...any) {
	c.t.Helper()
	c.publishWith(nil, topic, args...)
}

func (c *pyComponent) publishWith(options map[string]any, topic string, args ...any) {
	c.t.Helper()
	params := map[string]any{"topic": topic, "args": list(args)}
	for k, v := range options {
		params[k] = v
	}
	c.must("publish", params)
}

// expose exposes a function with one of the behaviours of driver.py.
func (c *pyComponent) expose(method, behaviour string) {
	c.t.Helper()
	c.must("expose", map[string]any{"topic": method, "behaviour": behaviour})
}

func (c *pyComponent) rpc(method string, args ...any) (any, error) {
	c.t.Helper()
	return c.driver.do(c.t, c.key, "rpc", map[string]any{"topic": method, "args": list(args)})
}

func (c *pyComponent) direct(target, method string, args ...any) (any, error) {
	c.t.Helper()
	return c.driver.do(c.t, c.key, "rpc", map[string]any{"topic": method, "args": list(args), "target": target})
}

// list keeps no arguments from becoming null.
func list(args []any) []any { return append([]any{}, args...) }

// wants waits for the next message or call and fails unless it is this one. topic is what
// was subscribed to.
func (c *pyComponent) wants(topic string, args ...any) {
	c.t.Helper()
	event, ok := c.events.next()
	if !ok {
		c.t.Fatalf("%v: no message to %s in %v\n%s", c.style, topic, bound, c.driver.stderr)
	}
	if event.Topic != topic || !same(event.Args, list(args)) {
		c.t.Fatalf("%v: got %s%v, want %s%v", c.style, event.Topic, event.Args, topic, args)
	}
}

// status returns the status of a refusal and the text in it.
func status(t *testing.T, err error) (int, string) {
	t.Helper()
	var e *pyError
	if !errors.As(err, &e) || e.Kind != "RembusError" {
		t.Fatalf("got %v, want a RembusError", err)
	}
	return e.Status, e.Message
}

// same compares what came through Python with a Go value, by their JSON.
func same(got, want any) bool {
	data, err := json.Marshal(want)
	if err != nil {
		return false
	}
	var plain any
	return json.Unmarshal(data, &plain) == nil && reflect.DeepEqual(got, plain)
}

// wantsCall waits for calls of these methods, in this order.
func (c *pyComponent) wantsCall(methods ...string) {
	c.t.Helper()
	for _, method := range methods {
		event, ok := c.events.next()
		if !ok || event.On != "call" || event.Topic != method {
			c.t.Fatalf("%v: got %s of %q, want a call of %q", c.style, event.On, event.Topic, method)
		}
	}
}

// answers calls a method and fails unless it returns want.
func (c *pyComponent) answers(want any, method string, args ...any) {
	c.t.Helper()
	if got, err := c.rpc(method, args...); err != nil || !same(got, want) {
		c.t.Errorf("%v: %s%v returned %v, %v, want %v", c.style, method, args, got, err, want)
	}
}
