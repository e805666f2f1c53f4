package server_test

import (
	"fmt"
	"testing"

	"github.com/rembus-go/rembus/protocol"
)

// TestFromNowDoesNotMoveOthersOn: a subscription from now on, made before
// reactive(true), leaves what others of the twin still have to get.
func TestFromNowDoesNotMoveOthersOn(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribeFrom("stored", all)
	sub.reactive(true)
	pub.publish(protocol.QoS1, "stored", 1)
	sub.want("stored 1")
	sub.close()
	pub.publish(protocol.QoS1, "stored", 2)
	sub = b.login("sub")
	sub.subscribe("now")
	pub.publish(protocol.QoS1, "now", 3)
	sub.want("now 3")
	sub.reactive(true)
	sub.want("stored 2")
	sub.quiet()
}

// TestUnackedIsOwedWhenTheSubscriptionIsTurnedBack: what came while a subscription
// was served from now on is offered once, but again without an ACK.
func TestUnackedIsOwedWhenTheSubscriptionIsTurnedBack(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribe("t")
	pub.publish(protocol.QoS1, "t", 1)
	pub.publish(protocol.QoS1, "t", 2)
	sub.want("t 1")
	unacked := sub.next()
	sub.subscribeFrom("t", all)
	sub.reactive(true)
	sub.quiet()
	sub.close()
	sub = b.login("sub")
	sub.reactive(true)
	if m := sub.next(); m.ID != unacked.ID || show(m) != "t 2" {
		t.Fatalf("got %v %s, want %v", m.ID, show(m), unacked.ID)
	}
	sub.quiet()
}

// TestAckOfAnEarlierConnection: Python sends the ACK of a message in the next
// connection, if the one that it came by has ended meanwhile.
func TestAckOfAnEarlierConnection(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribeFrom("t", all)
	sub.reactive(true)
	pub.publish(protocol.QoS2, "t", 1)
	m := sub.next()
	sub.close()
	sub = b.login("sub")
	sub.send(protocol.NewAck(m.ID))
	if r := sub.answer(m.ID); r.Type != protocol.Ack2 {
		t.Fatalf("answer of type %d", r.Type)
	}
	sub.reactive(true)
	sub.quiet()
}

// TestAck2ComesBehindTheRepeat: a delivery that is offered again must not follow
// the ACK2 to an ACK of its first coming, for then it would be taken for a new one.
func TestAck2ComesBehindTheRepeat(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribe("t")
	pub.publish(protocol.QoS2, "t", 1)
	m := sub.next()
	sub.close()
	sub = b.login("sub") // offered again at once
	sub.send(protocol.NewAck(m.ID))
	for {
		r := sub.receive()
		if r.Type == protocol.Ack2 {
			break
		}
		if r.Type != protocol.Pub || r.ID != m.ID {
			t.Fatalf("got type %d", r.Type)
		}
	}
	sub.quiet()
}

// TestAckedStaysAckedWhileAnotherWaits: acks ahead of an older delivery survive
// connections in which the subscription is not served.
func TestAckedStaysAckedWhileAnotherWaits(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	pub.publish(protocol.QoS2, "t", 1)
	pub.publish(protocol.QoS2, "t", 2)
	sub.reactive(true)
	sub.subscribeFrom("t", all)
	first := sub.next()
	sub.want("t 2")
	sub.close()
	b.login("sub").close() // served nothing
	sub = b.login("sub")
	sub.reactive(true)
	if m := sub.next(); m.ID != first.ID {
		t.Fatalf("got %s", show(m))
	}
	sub.quiet()
}

// TestQoS0AtTheEndOfAConnectionIsNotRepeated: what was served live stays served
// when the subscription is turned back.
func TestQoS0AtTheEndOfAConnectionIsNotRepeated(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribe("t")
	pub.publish(protocol.QoS0, "t", 1)
	sub.want("t 1")
	sub.close()
	sub = b.login("sub")
	sub.subscribeFrom("t", all)
	sub.reactive(true)
	sub.quiet()
}

// TestAwayCostsNothing: a message is not offered to who is away, however many
// those are, and to who has come again.
func TestAwayCostsNothing(t *testing.T) {
	b := newBroker(t)
	subs := make([]*peer, 20)
	for i := range subs {
		subs[i] = b.login(fmt.Sprint("sub", i))
		subs[i].subscribe("t")
		subs[i].subscribe("t/*")
		subs[i].subscribe("**")
	}
	for i, sub := range subs {
		for _, topic := range []string{"t", "t/x"} {
			if got, want := b.Audience(topic), len(subs)-i; got != want {
				t.Fatalf("%s is offered to %d of %d", topic, got, want)
			}
		}
		sub.close()
	}
	again := b.login("sub7")
	if got := b.Audience("t/x"); got != 1 {
		t.Errorf("offered to %d, want the one that came again", got)
	}
	b.connect().publish(protocol.QoS0, "t/x", 1)
	again.want("t/* t/x 1", "** t/x 1")
}
