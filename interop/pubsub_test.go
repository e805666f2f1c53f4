package interop

import (
	"fmt"
	"testing"

	"github.com/rembus-go/rembus/component"
)

// values are arguments that both encodings can carry, of all kinds.
func values() []any {
	return []any{
		0, 1, -1, 255, 65536, 1 << 40, -(1 << 40), 1<<53 - 1, 0.5, -1e300, true, false, nil,
		"", "text", "žluťoučký 🐎 \"\\\n\u0000", []any{}, []any{1, "a", []any{nil}},
		map[string]any{}, map[string]any{"temperature": 18.5, "tags": []any{"a", "b"}, "nested": map[string]any{"x": nil}},
	}
}

func TestPublishFromPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		in := collect(t, newGo(t, ""), topic)
		py := newPython(t, s, "")
		for _, v := range values() {
			py.publish(topic, v)
			in.wants(topic, v)
		}
		py.publish(topic)
		in.wants(topic)
		py.publish(topic, values()...)
		in.wants(topic, values()...)
	})
}

func TestPublishToPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		py := newPython(t, s, "")
		py.subscribe(topic)
		for _, opts := range [][]component.Option{nil, {component.WithJSON()}} {
			c := newGo(t, "", opts...)
			publish := func(args ...any) {
				if err := c.Publish(t.Context(), topic, args...); err != nil {
					t.Fatal(err)
				}
				py.wants(topic, args...)
			}
			for _, v := range values() {
				publish(v)
			}
			publish()
			publish(values()...)
		}
	})
}

func TestPublishFromPythonToPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		for _, other := range styles {
			topic := unique("site") + "/topic"
			sub := newPython(t, s, unique("sub"))
			sub.subscribe(topic)
			pub := newPython(t, other, unique("pub"))
			pub.publish(topic, values()...)
			sub.wants(topic, values()...)
			pub.publish(topic)
			sub.wants(topic)
		}
	})
}

// Bytes stay bytes in CBOR, and are base64 in JSON.
func TestBytes(t *testing.T) {
	t.Parallel()
	topic := unique("site") + "/bytes"
	c := newGo(t, "")
	for _, s := range styles {
		py := newPython(t, s, "")
		py.subscribe(topic)
		if err := c.Publish(t.Context(), topic, []byte{0, 1, 254, 255}); err != nil {
			t.Fatal(err)
		}
		if s.enc == "json" {
			py.wants(topic, "AAH+/w==")
		} else {
			py.wants(topic, map[string]any{"bytes": "0001feff"})
		}
	}
}

// A space delivers the pattern as the topic, and the real topic as the first argument.
func TestSpaces(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("root")
		py := newPython(t, s, unique("sub"))
		tests := []struct{ pattern, topic string }{
			{root + "/*/x", root + "/a/x"},
			{root + "/deep/**", root + "/deep/1/2/3"},
			{root + "/deep/**", root + "/deep"},
			{"**/" + root + "end", root + "/1/2/" + root + "end"},
			{root + "/s*/in", root + "/s17/in"},
		}
		for _, tt := range tests {
			py.subscribe(tt.pattern)
		}
		c := newGo(t, "")
		for i, tt := range tests {
			if err := c.Publish(t.Context(), tt.topic, i, "more"); err != nil {
				t.Fatal(err)
			}
			py.wants(tt.pattern, tt.topic, i, "more")
			if err := c.Publish(t.Context(), tt.topic); err != nil {
				t.Fatal(err)
			}
			py.wants(tt.pattern, tt.topic)
		}
	})
}

func TestSpacesFromPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("root")
		in := collect(t, newGo(t, ""), root+"/**/telemetry")
		py := newPython(t, s, "")
		for _, topic := range []string{root + "/telemetry", root + "/a/telemetry", root + "/a/b/telemetry"} {
			py.publish(topic, map[string]any{"temperature": 18.5})
			in.wants(topic, map[string]any{"temperature": 18.5})
		}
	})
}

// Two patterns of one subscriber that both match, and the topic itself: three deliveries.
func TestSpacesThatOverlap(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("root")
		py := newPython(t, s, unique("sub"))
		patterns := []string{root + "/*/x", root + "/**", root + "/a/x"}
		py.subscribe(patterns...)
		c := newGo(t, "")
		for _, qos := range []component.QoS{component.QoS0, component.QoS1, component.QoS2} {
			if err := c.Topic(root+"/a/x", component.WithQoS(qos)).Publish(t.Context(), int(qos)); err != nil {
				t.Fatal(err)
			}
			got := make(map[string]string)
			for range patterns {
				event, ok := py.events.next()
				if !ok {
					t.Fatal("a delivery is missing")
				}
				got[event.Topic] = fmt.Sprint(event.Args)
			}
			for _, p := range patterns[:2] {
				if want := fmt.Sprintf("[%s/a/x %d]", root, qos); got[p] != want {
					t.Errorf("QoS%d: %s got %s, want %s", qos, p, got[p], want)
				}
			}
			if want := fmt.Sprintf("[%d]", qos); got[patterns[2]] != want {
				t.Errorf("QoS%d: the exact topic got %s, want %s", qos, got[patterns[2]], want)
			}
		}
	})
}

// put publishes below the component's own name.
func TestPut(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		name := unique("meter")
		in := collect(t, newGo(t, ""), name+"/temperature")
		py := newPython(t, s, name)
		py.publishWith(map[string]any{"put": true}, "temperature", 18.5)
		in.wants(name+"/temperature", 18.5)
	})
}

func TestUnsubscribe(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("root")
		py := newPython(t, s, unique("sub"))
		py.subscribe(root+"/a", root+"/*/b", root+"/end")
		py.unsubscribe(root + "/a")
		py.unsubscribe(root + "/*/b")
		c := newGo(t, "")
		for _, topic := range []string{root + "/a", root + "/x/b", root + "/end"} {
			if err := c.Publish(t.Context(), topic, 1); err != nil {
				t.Fatal(err)
			}
		}
		py.wants(root+"/end", 1)
	})
}

// A publisher does not get its own message, neither by the topic nor by a space.
func TestOwnMessages(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("root")
		py := newPython(t, s, unique("both"))
		py.subscribe(root+"/a", root+"/*")
		for qos := range pyQoS {
			py.publishWith(map[string]any{"qos": pyQoS[qos]}, root+"/a", "mine")
		}
		c := newGo(t, "")
		if err := c.Topic(root+"/b", component.WithQoS(component.QoS1)).Publish(t.Context(), "other"); err != nil {
			t.Fatal(err)
		}
		py.wants(root+"/*", root+"/b", "other")
		if err := c.Publish(t.Context(), root+"/b", "last"); err != nil {
			t.Fatal(err)
		}
		py.wants(root+"/*", root+"/b", "last")
	})
}

func TestSlotFromPython(t *testing.T) {
	inBoth(t, "cbor", func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		in := collect(t, newGo(t, ""), topic)
		py := newPython(t, s, "")
		for _, slot := range []uint32{1, 1_700_000_100, 1<<32 - 1} {
			for qos, flag := range pyQoS {
				py.publishWith(map[string]any{"slot": slot, "qos": flag}, topic, 18.5)
				got := in.next()
				if want := fmt.Sprint("slot ", slot); got.On != want || got.N != int(qos) || !same(plain(got.Args), []any{18.5}) {
					t.Errorf("QoS%d with %s came as QoS%d with %q: %v", qos, want, got.N, got.On, got.Args)
				}
			}
		}
	})
}

func TestSlotToPython(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		py := newPython(t, s, unique("sub"))
		py.subscribe(topic)
		c := newGo(t, "")
		for qos := range pyQoS {
			if err := c.Topic(topic, component.WithSlot(7), component.WithQoS(qos)).Publish(t.Context(), int(qos)); err != nil {
				t.Fatal(err)
			}
			py.wants(topic, int(qos))
		}
	})
}

// In JSON a QoS0 message with a slot looks like a call and is one; with QoS1 and QoS2
// the slot arrives.
func TestSlotInJSON(t *testing.T) {
	inBoth(t, "json", func(t *testing.T, s style) {
		topic := unique("site") + "/topic"
		in := collect(t, newGo(t, ""), topic)
		py := newPython(t, s, "")
		py.publishWith(map[string]any{"slot": 7}, topic, "lost")
		for _, qos := range []component.QoS{component.QoS1, component.QoS2} {
			py.publishWith(map[string]any{"slot": 7, "qos": pyQoS[qos]}, topic, 18.5)
			if got := in.next(); got.On != "slot 7" || got.N != int(qos) || !same(plain(got.Args), []any{18.5}) {
				t.Errorf("got QoS%d, %q: %v", got.N, got.On, got.Args)
			}
		}
		py.publish(topic, "still here")
		in.wants(topic, "still here")
	})
}
