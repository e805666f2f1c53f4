package interop

import (
	"fmt"
	"testing"

	"github.com/rembus-go/rembus/component"
)

// publishAll publishes the numbers below n and returns when the broker has them.
func publishAll(t *testing.T, c *component.Component, qos component.QoS, topic string, n int) {
	t.Helper()
	for i := range n {
		if _, err := c.Topic(topic, component.WithQoS(qos)).PublishAsync(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RPC(t.Context(), "rid"); err != nil { // answered after what came before it
		t.Fatal(err)
	}
}

// What was published while a component was away comes when it is back and reactive:
// oldest first, once each, then what is new.
func TestReplayAfterAbsence(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		for qos := range pyQoS {
			root := unique("root")
			topic, space := root+"/a", root+"/b/*"
			c := newGo(t, "")
			py := newPython(t, s, unique("sub"))
			back := func() {
				py.subscribeSince("last", topic)
				py.subscribeSince("last", space)
				py.reactive(true)
			}
			back()
			publishAll(t, c, qos, topic, 1)
			py.wants(topic, 0)
			py.close()

			publishAll(t, c, qos, topic, burst)
			py.reopen()
			back()
			for i := range burst {
				py.wants(topic, i)
			}
			py.close()

			publishAll(t, c, qos, root+"/b/c", burst)
			py.reopen()
			back()
			for i := range burst {
				py.wants(space, root+"/b/c", i)
			}
			publishAll(t, c, qos, topic, 1)
			py.wants(topic, 0)
		}
	})
}

// A backlog of more messages than may be without ACK at once.
func TestLargeBacklog(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		for _, qos := range []component.QoS{component.QoS1, component.QoS2} {
			const backlog = 2500
			topic := unique("site") + "/topic"
			c := newGo(t, "")
			publishAll(t, c, qos, topic, backlog)
			py := newPython(t, s, unique("sub"))
			py.subscribeSince("last", topic)
			py.reactive(true)
			publishAll(t, c, qos, topic, 3)
			for i := range backlog {
				py.wants(topic, i)
			}
			for i := range 3 {
				py.wants(topic, i)
			}
		}
	})
}

// A subscription may reach back to before it existed.
func TestReplayToNewSubscription(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		const hour = 3600e9
		for _, tt := range []struct {
			since any
			all   bool
		}{{"last", true}, {hour, true}, {1.0, false}, {nil, false}} {
			for qos := range pyQoS {
				topic := unique("site") + "/topic"
				c := newGo(t, "")
				publishAll(t, c, qos, topic, 5)
				py := newPython(t, s, unique("sub"))
				py.subscribeSince(tt.since, topic)
				py.reactive(true)
				if err := c.Topic(topic, component.WithQoS(qos)).Publish(t.Context(), "live"); err != nil {
					t.Fatal(err)
				}
				for i := 0; tt.all && i < 5; i++ {
					py.wants(topic, i)
				}
				py.wants(topic, "live")
			}
		}
	})
}

// From now on, which is the default: what was published while the component was away is
// passed by.
func TestNoReplayFromNow(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		c := newGo(t, "")
		py := newPython(t, s, unique("sub"))
		py.subscribe(topic)
		publishAll(t, c, component.QoS1, topic, 1)
		py.wants(topic, 0)
		py.close()
		publishAll(t, c, component.QoS1, topic, burst)
		py.reopen()
		py.subscribe(topic)
		py.reactive(true)
		if err := c.Publish(t.Context(), topic, "live"); err != nil {
			t.Fatal(err)
		}
		py.wants(topic, "live")
	})
}

// A twin keeps the subscriptions that its component does not repeat.
func TestSubscriptionsOutliveTheConnection(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		c := newGo(t, "")
		p := newProxy(t, shared.url)
		py := newPythonAt(t, s, p.url, unique("sub"))
		py.subscribeSince("last", topic)
		py.reactive(true)
		py.expose(topic, "echo")
		for n := 2; n < 5; n++ {
			p.cut()
			publishAll(t, c, component.QoS2, topic, 3)
			p.awaitAnswers(n, 2)
			for i := range 3 {
				py.wants(topic, i)
			}
			if v, err := component.Call[[]int](t.Context(), c, topic, n); err != nil || fmt.Sprint(v) != fmt.Sprint([]int{n}) {
				t.Errorf("a call after reconnect %d: %v, %v", n-1, v, err)
			}
			py.wantsCall(topic)
		}
	})
}

// An anonymous component has lost its subscriptions when it is back, and goes on.
func TestAnonymousReconnects(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		c := newGo(t, "")
		p := newProxy(t, shared.url)
		py := newPythonAt(t, s, p.url, "")
		py.subscribe(topic)
		publishAll(t, c, component.QoS1, topic, 1)
		py.wants(topic, 0)
		p.cut()
		p.awaitAnswers(2, 1)
		publishAll(t, c, component.QoS1, topic, burst)
		py.subscribe(topic)
		if err := c.Publish(t.Context(), topic, "live"); err != nil {
			t.Fatal(err)
		}
		py.wants(topic, "live")
	})
}

// While unreactive nothing is delivered; what was stored meanwhile comes then.
func TestUnreactive(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		c := newGo(t, "")
		py := newPython(t, s, unique("sub"))
		py.subscribeSince("last", topic)
		py.reactive(true)
		for range 3 {
			publishAll(t, c, component.QoS1, topic, 1)
			py.wants(topic, 0)
			py.reactive(false)
			publishAll(t, c, component.QoS1, topic, burst)
			py.publish(unique("other"), "publishing goes on")
			py.answers("broker", "rid")
			if e, ok := py.events.take(); ok {
				t.Errorf("unreactive, and got %v", e)
			}
			py.reactive(true)
			for i := range burst {
				py.wants(topic, i)
			}
		}
	})
}
