package interop

import (
	"errors"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/component"
)

// refused fails unless a component of the client is refused its name.
func refused(t *testing.T, s style, base, name string) {
	t.Helper()
	c := &pyComponent{t: t, driver: clients, style: s, url: base + "/" + name, key: unique("c")}
	var e *pyError
	if err := c.connect(); err == nil {
		c.close()
		t.Fatalf("%v: %s was let in twice", s, name)
	} else if !errors.As(err, &e) || e.Status != 10 || e.Cause == nil || e.Cause.Status != 10 || e.Cause.Message != "already connected" {
		t.Errorf("%v: got %v, want status 10, already connected", s, err)
	}
}

// A name is in use: the second component is refused, the first one lives.
func TestNameInUse(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		name := unique("taken")
		topic := name + "/topic"
		other := style{"async", s.enc} // the synchronous API hands out the same component for the same URL
		py := newPython(t, s, name)
		py.subscribe(topic)
		for range 3 {
			refused(t, other, shared.url, name)
		}
		if c, err := component.Dial(t.Context(), shared.url+"/"+name); !errors.Is(err, component.ErrFailed) {
			t.Errorf("Go got %v, want ErrFailed", err)
			if err == nil {
				_ = c.Close(t.Context())
			}
		}
		if err := newGo(t, "").Publish(t.Context(), topic, "alive"); err != nil {
			t.Fatal(err)
		}
		py.wants(topic, "alive")
		py.answers("broker", "rid")

		py.close()
		successor := newPython(t, other, name)
		successor.answers("broker", "rid")
	})
}

// The same with a Go component as the first one.
func TestNameInUseByGo(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		c := newGo(t, unique("taken"))
		refused(t, s, shared.url, c.Name())
		if _, err := c.RPC(t.Context(), "rid"); err != nil {
			t.Errorf("the first one: %v", err)
		}
	})
}

// A connection that gives no sign of life does not hold its name.
func TestNameOfDeadConnection(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		name := unique("dead")
		p := newProxy(t, shared.url)
		dead := newGoAt(t, p.url, name, component.WithoutReconnect())
		if !dead.Connected() {
			t.Fatal("not connected")
		}
		p.deaf.Store(true)
		py := newPython(t, s, name)
		py.answers("broker", "rid")
	})
}

// The names that Python programs use, with dots and slashes.
func TestNames(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		for _, name := range []string{unique("a/b/c"), unique("with-dash_and~tilde"), strings.Repeat("x", 100) + unique("long")} {
			py := newPython(t, s, name)
			in := collect(t, newGo(t, ""), name+"/t")
			py.publishWith(map[string]any{"put": true}, "t", 1)
			in.wants(name+"/t", 1)
			py.close()
		}
	})
}

// Components of different domains, which is what follows the first dot of a name, neither
// see nor reach each other.
func TestDomains(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("root")
		domain := "." + unique("domain")
		in, out := newPython(t, s, unique("in")+domain), newPython(t, s, unique("out"))
		for _, py := range []*pyComponent{in, out} {
			py.subscribe(root+"/a", root+"/**")
		}
		in.expose(root, "echo")
		if _, err := out.rpc(root); err == nil {
			t.Error("a method of another domain was called")
		} else if got, _ := status(t, err); got != 42 {
			t.Errorf("a method of another domain: %v, want 42", err)
		}
		inside, outside := newGo(t, unique("in")+domain), newGo(t, "")
		publishAll(t, inside, component.QoS1, root+"/b", 1)
		publishAll(t, outside, component.QoS1, root+"/c", 1)
		in.wants(root+"/**", root+"/b", 0)
		out.wants(root+"/**", root+"/c", 0)
		publishAll(t, inside, component.QoS1, root+"/b", 1)
		in.wants(root+"/**", root+"/b", 0)
	})
}
