package interop

import (
	"fmt"
	"testing"

	"github.com/rembus-go/rembus/component"
)

const burst = 50

func inEachQoS(t *testing.T, test func(t *testing.T, s style, qos component.QoS)) {
	inEachStyle(t, func(t *testing.T, s style) {
		for _, qos := range []component.QoS{component.QoS1, component.QoS2} {
			t.Run(fmt.Sprint("QoS", qos), func(t *testing.T) { test(t, s, qos) })
		}
	})
}

// What Python publishes comes once each, in order, and with its QoS.
func TestQoSFromPython(t *testing.T) {
	inEachQoS(t, func(t *testing.T, s style, qos component.QoS) {
		topic := unique("site") + "/topic"
		in := collect(t, newGo(t, ""), topic)
		py := newPython(t, s, unique("pub"))
		for i := range burst {
			py.publishWith(map[string]any{"qos": pyQoS[qos]}, topic, i, "of many")
		}
		for i := range burst {
			if got := in.next(); got.N != int(qos) || !same(plain(got.Args), []any{i, "of many"}) {
				t.Fatalf("got QoS%d %v, want message %d", got.N, got.Args, i)
			}
		}
		py.publish(topic, "last")
		in.wants(topic, "last")
	})
}

// What Python is sent comes once each and in order, over a topic and over a space, and its
// acknowledgements count: after a reconnect nothing comes again.
func TestQoSToPython(t *testing.T) {
	inEachQoS(t, func(t *testing.T, s style, qos component.QoS) {
		root := unique("root")
		py := newPython(t, s, unique("sub"))
		subscribe := func() {
			py.subscribeSince("last", root+"/a")
			py.subscribeSince("last", root+"/b/*")
			py.reactive(true)
		}
		subscribe()
		c := newGo(t, "")
		publish := func(topic string, args ...any) *component.Future {
			f, err := c.Topic(topic, component.WithQoS(qos)).PublishAsync(t.Context(), args...)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		for i := range burst {
			publish(root+"/a", i)
			publish(root+"/b/c", i)
		}
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range burst {
			py.wants(root+"/a", i)
			py.wants(root+"/b/*", root+"/b/c", i)
		}
		py.close()
		py.reopen()
		subscribe()
		if err := publish(root+"/a", "last").Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		py.wants(root+"/a", "last")
	})
}

func TestQoSFromPythonToPython(t *testing.T) {
	inEachQoS(t, func(t *testing.T, s style, qos component.QoS) {
		topic := unique("site") + "/topic"
		for _, other := range styles {
			sub := newPython(t, other, "")
			sub.subscribe(topic)
			pub := newPython(t, s, "")
			for i := range 5 {
				pub.publishWith(map[string]any{"qos": pyQoS[qos]}, topic, i)
			}
			for i := range 5 {
				sub.wants(topic, i)
			}
			sub.close()
		}
	})
}

// Fault 10: the ACK of a QoS2 message is lost, so that Python sends it again. It is
// one message.
func TestLostAck(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		in := collect(t, newGo(t, ""), topic)
		p := newProxy(t, shared.url)
		py := newPythonAt(t, s, p.url, unique("pub"))
		lost := 0
		p.loseFrames(func(f frame) bool {
			if f.toClient && lost < 2 {
				lost++
				return true
			}
			return false
		})
		py.publishWith(map[string]any{"qos": pyQoS[component.QoS2]}, topic, "once")
		if lost != 2 {
			t.Errorf("%d ACKs were lost, want 2", lost)
		}
		py.publish(topic, "last")
		in.wants(topic, "once")
		in.wants(topic, "last") // published after the ACK, so a repeat would be before it
	})
}
