package interop

import (
	"testing"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/component"
)

// A connection sees one encoding only, whatever the encoding of the other ends: the
// Python client follows each frame that it gets, so that one of the wrong kind would turn it for good.
func TestEncodingIsKept(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		root := unique("root")
		p := newProxy(t, shared.url)
		py := newPythonAt(t, s, p.url, unique("both"))
		py.subscribeSince("last", root+"/in")
		py.subscribe(root + "/space/*")
		py.reactive(true)
		py.expose(root+".echo", "echo")
		py.expose(root+".fail", "fail")
		for _, opts := range [][]component.Option{nil, {component.WithJSON()}} {
			c := newGo(t, "", opts...)
			for qos := range pyQoS {
				for _, topic := range []string{root + "/in", root + "/space/x"} {
					if err := c.Topic(topic, component.WithQoS(qos), component.WithSlot(3)).Publish(t.Context(), 1, []byte("b")); err != nil {
						t.Fatal(err)
					}
					if event, ok := py.events.next(); !ok {
						t.Fatalf("no QoS%d message to %s", qos, topic)
					} else if n := len(event.Args); n < 2 {
						t.Fatalf("%d arguments", n)
					}
				}
				py.publishWith(map[string]any{"qos": pyQoS[qos]}, root+"/out", 1)
			}
			if _, err := c.RPC(t.Context(), root+".echo", 1, []byte("b")); err != nil {
				t.Fatal(err)
			}
			if _, err := c.RPC(t.Context(), root+".fail"); err == nil {
				t.Fatal("no exception")
			}
			for _, method := range []string{"rid", "uptime"} {
				if _, err := py.rpc(method); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := py.rpc(root + ".missing"); err == nil {
				t.Fatal("a missing method was called")
			}
			py.wantsCall(root+".echo", root+".fail")
		}
		py.unsubscribe(root + "/in")
		py.reactive(false)
		want := websocket.MessageBinary
		if s.enc == "json" {
			want = websocket.MessageText
		}
		frames := p.fromBroker()
		if len(frames) < 34 {
			t.Errorf("only %d frames seen", len(frames))
		}
		for _, f := range frames {
			if f.kind != want {
				t.Errorf("a %v frame: %q", f.kind, f.data)
			}
		}
	})
}
