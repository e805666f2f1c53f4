package server_test

import (
	"context"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// TestUnreadAnswersAreBounded: who asks for much and reads nothing gets errors, each
// call one answer, and the broker keeps its memory.
func TestUnreadAnswersAreBounded(t *testing.T) {
	const total = 4 << 20
	b := newBroker(t, func(o *server.Options) { o.OutboxTotal = total })
	data, err := protocol.EncodeValue(make([]byte, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{}, 200)
	b.Provide("much", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
		served <- struct{}{}
		return data, nil
	})
	p := b.connect()
	const calls = 100
	for range calls {
		p.request("much")
	}
	for range calls {
		<-served
	}
	good, refused := 0, 0
	for range calls {
		switch r := p.receive(); r.Status {
		case protocol.StatusOK:
			good++
		case protocol.StatusError:
			refused++
		default:
			t.Fatalf("%v %s", r.Status, text(r))
		}
	}
	if good == 0 || refused == 0 {
		t.Errorf("%d answered, %d refused", good, refused)
	}
}

// TestCalleeWithManyCallersDies: fault 22. Each caller is told, and nobody else's
// calls are touched.
func TestCalleeWithManyCallersDies(t *testing.T) {
	b := newBroker(t)
	callee, other := b.login("callee"), b.login("other")
	callee.expose("m")
	other.expose("n")
	var callers []*peer
	var ids [][2]protocol.ID
	for range 20 {
		c := b.connect()
		callers = append(callers, c)
		ids = append(ids, [2]protocol.ID{c.request("m"), c.request("n")})
	}
	for range callers {
		callee.next()
	}
	callers[0].close() // its calls go with it
	callee.close()
	for i, c := range callers[1:] {
		if r := c.answer(ids[i+1][0]); r.Status != protocol.StatusMethodUnavailable {
			t.Fatalf("%v", r.Status)
		}
	}
	for range callers {
		other.serveCall(protocol.StatusOK, "well")
	}
	for i, c := range callers[1:] {
		if r := c.answer(ids[i+1][1]); text(r) != "well" {
			t.Fatalf("%v %s", r.Status, text(r))
		}
	}
}

// TestManyQoS2IDsWithoutACK2: fault 10. A publisher that never sends ACK2 loses the
// memory of its oldest ids, not the broker its own.
func TestManyQoS2IDsWithoutACK2(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.login("pub"), b.login("sub")
	sub.subscribe("t")
	first := &protocol.Message{Type: protocol.Pub, QoS: protocol.QoS2, ID: newID(), Topic: "t", Data: args(t, 1)}
	pub.ask(first)
	pub.ask(first)
	sub.want("t 1")
	go func() {
		for range 1<<16 + 1 {
			_ = pub.link.Send([]*protocol.Message{{Type: protocol.Pub, QoS: protocol.QoS2, ID: newID(), Topic: "u", Data: first.Data}})
		}
	}()
	for range 1<<16 + 1 {
		if r := pub.receive(); r.Type != protocol.Ack {
			t.Fatalf("type %d", r.Type)
		}
	}
	pub.ask(first) // forgotten: it is a new one
	sub.want("t 1")
	sub.quiet()
}
