package server_test

import (
	"testing"

	"github.com/rembus-go/rembus/protocol"
)

func TestPublishReachesExactSubscribers(t *testing.T) {
	b := newBroker(t)
	pub, sub, other := b.connect(), b.connect(), b.login("other")
	sub.subscribe("a/b")
	other.subscribe("a/b")
	pub.publish(protocol.QoS0, "a/b", 1, "x")
	pub.publish(protocol.QoS0, "a/c", 2)
	pub.publish(protocol.QoS0, "a/b", 3)
	sub.want("a/b 1 x", "a/b 3")
	other.want("a/b 1 x", "a/b 3")
}

func TestSpaceSubscribersGetPatternAndRealTopic(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("s")
	for _, space := range []string{"k/*/y", "**/y", "*", "k/e*/y"} {
		sub.subscribe(space)
		pub.publish(protocol.QoS0, "k/ee/y", "v")
		sub.want(space + " k/ee/y v")
		sub.admin(space, map[string]any{"cmd": "unsubscribe"})
		pub.publish(protocol.QoS1, "k/ee/y", "w")
		sub.quiet()
	}
}

func TestTwoPatternsAreTwoDeliveriesWithIDsOfTheirOwn(t *testing.T) {
	b := newBroker(t)
	for _, sub := range []*peer{b.connect(), b.login("named")} {
		pub := b.connect()
		sub.subscribe("a/b")
		sub.subscribe("a/*")
		pub.publish(protocol.QoS2, "a/b", 1)
		first, second := sub.next(), sub.next()
		if first.ID == second.ID || first.ID.IsZero() || second.ID.IsZero() {
			t.Fatalf("ids %v and %v", first.ID, second.ID)
		}
		for _, m := range []*protocol.Message{first, second} {
			sub.send(protocol.NewAck(m.ID))
			if r := sub.answer(m.ID); r.Type != protocol.Ack2 {
				t.Fatalf("answer of type %d", r.Type)
			}
		}
	}
}

func TestNoOneGetsItsOwnMessages(t *testing.T) {
	b := newBroker(t)
	for _, p := range []*peer{b.connect(), b.login("p")} {
		p.subscribe("a/b")
		p.subscribe("**")
		p.reactive(true)
		p.publish(protocol.QoS0, "a/b", 1)
		p.publish(protocol.QoS1, "a/b", 2)
		p.quiet()
	}
}

func TestSubscriptionChangesDropCachedMatches(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.connect()
	pub.publish(protocol.QoS0, "x/y", 0)
	pub.sync()
	sub.subscribe("x/*")
	pub.publish(protocol.QoS0, "x/y", 1)
	sub.want("x/* x/y 1")
	sub.subscribe("x/y")
	pub.publish(protocol.QoS0, "x/y", 2)
	sub.want("x/y 2", "x/* x/y 2")
	sub.close()
	pub.publish(protocol.QoS0, "x/y", 3)
	pub.sync()
}

// TestTenantsDoNotSeeEachOther: protocol.md, Login, "Tenant of a name".
func TestTenantsDoNotSeeEachOther(t *testing.T) {
	b := newBroker(t)
	pub, same, other, anon := b.login("p.red"), b.login("s.red"), b.login("s.blue"), b.connect()
	for _, s := range []*peer{same, other, anon} {
		s.subscribe("**")
	}
	same.expose("double")
	pub.publish(protocol.QoS1, "t", 1)
	same.want("** t 1")
	other.quiet()
	anon.quiet()
	if r := other.call("double", 1); r.Status != protocol.StatusMethodNotFound {
		t.Fatalf("foreign tenant: %v", r.Status)
	}
	if r := other.ask(&protocol.Message{Type: protocol.RPC, Topic: "double", Target: "s.red", Data: args(t)}); r.Status != protocol.StatusTargetNotFound {
		t.Fatalf("foreign target: %v", r.Status)
	}
}

// TestQoS2RepeatIsOneMessage: fault 10, and protocol.md, QoS, first row.
func TestQoS2RepeatIsOneMessage(t *testing.T) {
	b := newBroker(t)
	sub := b.login("sub")
	sub.subscribe("t")
	for _, pub := range []*peer{b.connect(), b.login("pub")} {
		m := &protocol.Message{Type: protocol.Pub, QoS: protocol.QoS2, ID: newID(), Topic: "t", Data: args(t, 1)}
		for range 5 {
			if r := pub.ask(m); r.Type != protocol.Ack {
				t.Fatalf("answer of type %d", r.Type)
			}
		}
		pub.send(protocol.NewAck2(m.ID))
		if r := pub.ask(m); r.Type != protocol.Ack { // a resend that crossed the ACK2
			t.Fatalf("answer of type %d", r.Type)
		}
		sub.want("t 1")
		sub.quiet()
	}
}

func TestQoS2IDsOutliveTheConnectionOfANamedPublisher(t *testing.T) {
	b := newBroker(t)
	sub, pub := b.connect(), b.login("pub")
	sub.subscribe("t")
	m := &protocol.Message{Type: protocol.Pub, QoS: protocol.QoS2, ID: newID(), Topic: "t", Data: args(t, 1)}
	pub.ask(m)
	pub.close()
	pub = b.login("pub")
	pub.ask(m)
	pub.publish(protocol.QoS2, "t", 2)
	sub.want("t 1", "t 2")
}

// TestDeliveryIDs: ids are ours, fit JSON's integers and carry the slot.
func TestDeliveryIDs(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("s")
	sub.subscribe("t")
	id := newID()
	pub.ask(&protocol.Message{Type: protocol.Pub, QoS: protocol.QoS1, ID: id, Topic: "t", Data: args(t)})
	m := sub.next()
	if n, ok := m.ID.Number(); !ok || n == 0 || n >= 1<<53 || m.ID == id {
		t.Fatalf("id %v", m.ID)
	}
	pub.ask(&protocol.Message{Type: protocol.Pub, QoS: protocol.QoS2, HasSlot: true, Slot: 77, ID: newID(), Topic: "t", Data: args(t)})
	m = sub.next()
	if n, ok := m.ID.Number(); !ok || n >= 1<<53 || m.ID.Slot() != 77 || !m.HasSlot {
		t.Fatalf("id %v slot %d", m.ID, m.ID.Slot())
	}
}

// TestWideIDsMeanNoAcks: rembus.js never acks and gets every PUB as QoS0.
func TestWideIDsMeanNoAcks(t *testing.T) {
	b := newBroker(t, smallWindow)
	pub, js := b.connect(), b.connect()
	wide, _ := protocol.BytesID([]byte("0123456789abcdef"))
	js.ask(&protocol.Message{Type: protocol.Identity, ID: wide, Topic: "js"})
	js.subscribe("t")
	for i := range 20 {
		pub.publish(protocol.QoS2, "t", i)
		if m := js.next(); m.QoS != protocol.QoS0 || !m.ID.IsZero() {
			t.Fatalf("got QoS%d id %v", m.QoS, m.ID)
		}
	}
}
