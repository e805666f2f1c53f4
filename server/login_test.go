package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

func TestEmptyName(t *testing.T) {
	p := newBroker(t).connect()
	if r := p.ask(&protocol.Message{Type: protocol.Identity}); r.Status != protocol.StatusError || text(r) != "empty cid" {
		t.Fatalf("%v %q", r.Status, text(r))
	}
}

// TestIdentityIsAnsweredWithNull: text or bytes would be a challenge for Python.
func TestIdentityIsAnsweredWithNull(t *testing.T) {
	p := newBroker(t).connect()
	for range 2 {
		if r := p.ask(&protocol.Message{Type: protocol.Identity, Topic: "x"}); r.Status != protocol.StatusOK || !r.Data.IsNull() {
			t.Fatalf("%v", r.Status)
		}
	}
}

// TestNameInUse: protocol.md, Twins, "Name in use".
func TestNameInUse(t *testing.T) {
	b := newBroker(t)
	first, second := b.login("x"), b.connect()
	if r := second.ask(&protocol.Message{Type: protocol.Identity, Topic: "x"}); r.Status != protocol.StatusError || text(r) != "already connected" {
		t.Fatalf("%v %q", r.Status, text(r))
	}
	<-second.ended
	first.sync()
}

// deadLink is a connection whose peer does not answer pings.
type deadLink struct{ protocol.Link }

func (deadLink) Ping(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestNameOfADeadConnectionIsFree(t *testing.T) {
	b := newBroker(t)
	near, far := protocol.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = b.Serve(deadLink{far})
	}()
	if err := near.Send([]*protocol.Message{{Type: protocol.Identity, ID: newID(), Topic: "x"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Receive(); err != nil {
		t.Fatal(err)
	}
	b.login("x")
	<-ended
}

// TestTakeoverIfConfigured: fault 17.
func TestTakeoverIfConfigured(t *testing.T) {
	b := newBroker(t, func(o *server.Options) { o.OverwriteConnection = true })
	pub, first := b.connect(), b.login("x")
	first.subscribe("t")
	second := b.login("x")
	<-first.ended
	pub.publish(protocol.QoS0, "t", 1)
	second.want("t 1") // the twin kept its subscription
}

func TestAttestation(t *testing.T) {
	b := newBroker(t)
	p := b.login("x")
	if r := p.ask(&protocol.Message{Type: protocol.Attestation, Topic: "x", Login: &protocol.Login{}}); r.Status != protocol.StatusOK {
		t.Fatalf("own name: %v", r.Status)
	}
	if r := p.ask(&protocol.Message{Type: protocol.Attestation, Topic: "y", Login: &protocol.Login{}}); r.Status != protocol.StatusError {
		t.Fatalf("another name: %v", r.Status)
	}
	<-p.ended
}

func TestAnonymousLosesItsSubscriptionsWithTheConnection(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.connect()
	sub.subscribe("t")
	sub.expose("m")
	sub.close()
	if r := pub.call("m"); r.Status != protocol.StatusMethodNotFound {
		t.Fatalf("%v", r.Status)
	}
	pub.publish(protocol.QoS1, "t", 1)
}

// TestAdminCommands: protocol.md, "Admin commands".
func TestAdminCommands(t *testing.T) {
	p := newBroker(t).login("p")
	for name, c := range map[string]struct {
		data   any
		status protocol.Status
	}{
		"no map":             {"subscribe", protocol.StatusError},
		"null":               {nil, protocol.StatusError},
		"no cmd":             {map[string]any{"x": 1}, protocol.StatusError},
		"unknown":            {map[string]any{"cmd": "fly"}, protocol.StatusUnknownCommand},
		"not an admin":       {map[string]any{"cmd": "private_topic"}, protocol.StatusError},
		"shutdown":           {map[string]any{"cmd": "shutdown"}, protocol.StatusError},
		"bad msg_from":       {map[string]any{"cmd": "subscribe", "msg_from": "soon"}, protocol.StatusError},
		"infinity as text":   {map[string]any{"cmd": "subscribe", "msg_from": "Infinity"}, protocol.StatusOK},
		"infinity as null":   {map[string]any{"cmd": "subscribe", "msg_from": nil}, protocol.StatusOK},
		"huge":               {map[string]any{"cmd": "subscribe", "msg_from": 1e300}, protocol.StatusOK},
		"ignored keys":       {map[string]any{"cmd": "subscribe", "touch": 1, "rmark": 2}, protocol.StatusOK},
		"unknown topic":      {map[string]any{"cmd": "unsubscribe"}, protocol.StatusOK},
		"reactive with true": {map[string]any{"cmd": "reactive", "status": true, "msg_from": true}, protocol.StatusOK},
		"reactive with junk": {map[string]any{"cmd": "reactive", "msg_from": "junk"}, protocol.StatusOK},
	} {
		if r := p.tryAdmin("some/topic", c.data); r.Status != c.status {
			t.Errorf("%s: %v %q, want %v", name, r.Status, text(r), c.status)
		}
	}
}

// TestSetup: protocol.md, "Admin commands", setup as Julia sends it.
func TestSetup(t *testing.T) {
	b := newBroker(t)
	pub, julia := b.connect(), b.login("julia")
	julia.subscribeFrom("kept", all)
	julia.admin("__config__", map[string]any{"cmd": "setup",
		"exposers":    []any{"m", "julia_service_x"},
		"subscribers": []any{"t", "kept", "julia_subscriber_x"}})
	pub.publish(protocol.QoS1, "t", 1)
	julia.want("t 1")
	if r := pub.call("julia_service_x"); r.Status != protocol.StatusMethodNotFound {
		t.Errorf("service: %v", r.Status)
	}
	id := pub.request("m")
	julia.serveCall(protocol.StatusOK, 1)
	pub.answer(id)
	julia.close()
	pub.publish(protocol.QoS1, "kept", 2)
	julia = b.login("julia")
	julia.reactive(true)
	julia.want("kept 2")
}

func TestTooManySubscriptions(t *testing.T) {
	b := newBroker(t, func(o *server.Options) { o.MaxSubscriptions = 2 })
	p := b.connect()
	p.subscribe("a")
	p.subscribe("b")
	p.subscribe("b")
	if r := p.tryAdmin("c", map[string]any{"cmd": "subscribe"}); r.Status != protocol.StatusError || !strings.Contains(text(r), "space") {
		t.Fatalf("%v %q", r.Status, text(r))
	}
}

// TestShutdownDrains: what was acked is delivered before the connections end.
func TestShutdownDrains(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribe("t")
	for i := range 3 {
		pub.publish(protocol.QoS1, "t", i)
	}
	closed := make(chan error)
	go func() { closed <- b.Close(context.Background()) }()
	for i := range 3 {
		if got, want := show(sub.next()), fmt.Sprintf("t %d", i); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	sub.quietly()
	pub.quietly()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	<-pub.ended
	late := b.connect()
	<-late.ended
}

// quietly takes what comes until the connection ends.
func (p *peer) quietly() {
	for range p.in {
	}
}

// answering is a link that calls fn before it sends its first RESPONSE.
type answering struct {
	protocol.Link
	fn func()
}

func (l *answering) Send(batch []*protocol.Message) error {
	for _, m := range batch {
		if m.Type == protocol.Response && l.fn != nil {
			fn := l.fn
			l.fn = nil
			fn()
		}
	}
	return l.Link.Send(batch)
}

// TestServedBeforeItIsTold: what is published when the answer to a login is about to
// be sent reaches the component.
func TestServedBeforeItIsTold(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribe("t")
	sub.close()
	sub = b.connectOver(func(l protocol.Link) protocol.Link {
		return &answering{l, func() {
			pub.publish(protocol.QoS0, "t", 0)
			pub.publish(protocol.QoS1, "t", 1)
			pub.sync()
		}}
	})
	if st := sub.identify("sub"); st != protocol.StatusOK {
		t.Fatal(st)
	}
	sub.want("t 1", "t 0") // the class that is never dropped goes first
}
