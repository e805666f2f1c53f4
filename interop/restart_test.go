package interop

import (
	"path/filepath"
	"testing"

	"github.com/rembus-go/rembus/component"
)

// reconnecting is a component of each style that is connected through a proxy, and stays so
// whatever happens to the broker behind it.
func reconnecting(t *testing.T, p *proxy) (components []*pyComponent) {
	t.Helper()
	for _, s := range styles {
		components = append(components, newPythonAt(t, s, p.url, unique("sub")))
	}
	return components
}

// restart ends the broker and starts it again with the same files, on another port: components behind
// a proxy stay away until redirect.
func restart(t *testing.T, b *broker, p *proxy, end func(*broker) error) {
	t.Helper()
	if p != nil {
		p.redirect("") // nobody else's port, should that be given out again
	}
	if err := end(b); err != nil {
		t.Fatal(err)
	}
	if err := b.start(); err != nil {
		t.Fatal(err)
	}
}

// A restart or a crash of the broker (fault 1): Python reconnects by itself and says no more than its
// name. Its subscriptions and functions are back, what it has not received comes, and what
// it has does not come again.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*broker) error{"stopped": (*broker).stop, "killed": (*broker).kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBroker(t)
			p := newProxy(t, b.url)
			root := unique("root")
			components := reconnecting(t, p)
			for _, py := range components {
				py.subscribeSince("last", root+"/a")
				py.subscribeSince("last", root+"/s/*")
				py.expose(py.name+".echo", "echo")
				py.reactive(true)
			}
			for range 3 {
				publishAll(t, newGoAt(t, b.url, "", component.WithoutReconnect()), component.QoS2, root+"/a", 10)
				for _, py := range components {
					for i := range 10 {
						py.wants(root+"/a", i)
					}
				}
				restart(t, b, p, end)
				c := newGoAt(t, b.url, "", component.WithoutReconnect())
				publishAll(t, c, component.QoS2, root+"/a", burst) // while they are away
				publishAll(t, c, component.QoS2, root+"/s/x", burst)
				p.redirect(b.url)
				for _, py := range components {
					for i := range burst {
						py.wants(root+"/a", i)
					}
					for i := range burst {
						py.wants(root+"/s/*", root+"/s/x", i)
					}
					if got, err := component.Call[[]int](t.Context(), c, py.name+".echo", 1); err != nil || !same(plain([]any{got}), []any{[]int{1}}) {
						t.Errorf("%v: echo: %v, %v", py.style, got, err)
					}
					py.wantsCall(py.name + ".echo")
				}
			}
			in := collect(t, newGoAt(t, b.url, ""), root+"/a")
			for i, py := range components {
				py.publishWith(map[string]any{"qos": pyQoS[component.QoS2]}, root+"/a", "from Python", i)
				in.wants(root+"/a", "from Python", i)
			}
		})
	}
}

// Without a journal a restart forgets the twins: the components reconnect, and subscribe
// and expose anew.
func TestBrokerRestartWithoutJournal(t *testing.T) {
	t.Parallel()
	b := newBroker(t, "--no-journal")
	p := newProxy(t, b.url)
	topic := unique("site") + "/topic"
	components := reconnecting(t, p)
	for _, py := range components {
		py.subscribeSince("last", topic)
		py.expose(py.name+".echo", "echo")
		py.reactive(true)
	}
	restart(t, b, p, (*broker).stop)
	p.redirect(b.url)
	for i := range components {
		p.awaitAnswers(len(components)+i+1, 2)
	}
	c := newGoAt(t, b.url, "")
	publishAll(t, c, component.QoS1, topic, burst)
	for _, py := range components {
		if _, err := c.RPC(t.Context(), py.name+".echo"); err == nil {
			t.Error("the exposed method is known after the restart")
		}
		py.subscribe(topic)
		py.expose(py.name+".echo", "echo")
	}
	publishAll(t, c, component.QoS1, topic, 3)
	for _, py := range components {
		for i := range 3 {
			py.wants(topic, i)
		}
		if _, err := c.RPC(t.Context(), py.name+".echo"); err != nil {
			t.Error(err)
		}
	}
}

// Fault 1: what Python published and the broker acknowledged is in its table exactly once, also
// after a crash.
func TestTablesAfterCrash(t *testing.T) {
	t.Parallel()
	b := newBroker(t, "--schema", filepath.Join("testdata", "schema.json"))
	stored := 0
	for range 3 {
		for _, s := range styles {
			py := newPythonAt(t, s, b.url, "")
			for i := range burst {
				py.publishWith(map[string]any{"qos": pyQoS[component.QoS(i%2+1)]}, "site/dn/telemetry", map[string]any{"temperature": i})
				stored++
			}
			if _, err := py.rpc("upsert_sensor", map[string]any{"run": "r", "dn": s.String(), "kind": "k", "count": stored}); err != nil {
				t.Fatal(err)
			}
			py.close()
		}
		restart(t, b, nil, (*broker).kill)
		c := newGoAt(t, b.url, "", component.WithJSON(), component.WithoutReconnect())
		awaitRows(t, c, "telemetry", "site = 'site'", stored)
		awaitRows(t, c, "sensor", "run = 'r'", len(styles))
	}
}
