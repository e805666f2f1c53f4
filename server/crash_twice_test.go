package server_test

import (
	"testing"

	"github.com/rembus-go/rembus/protocol"
)

// TestAwayOverTwoCrashes: a component that was connected at a crash, and did not
// come back before the next one, is not owed what was published in between.
func TestAwayOverTwoCrashes(t *testing.T) {
	dir := t.TempDir()
	b := journaled(t, dir)
	sub := b.login("sub")
	sub.subscribe("t")
	b.login("pub").publish(protocol.QoS1, "t", 1) // not acked: owed
	b, dir = crash(t, dir)
	b.login("pub").publish(protocol.QoS1, "t", 2)
	b, _ = crash(t, dir)
	sub = b.login("sub")
	sub.want("t 1")
	b.login("pub").publish(protocol.QoS1, "t", 3)
	sub.want("t 3")
	sub.quiet()
}

// TestSubscriptionNumbersAreNotUsedAgain: the id of a delivery that the component
// remembers must not come with another one after a restart.
func TestSubscriptionNumbersAreNotUsedAgain(t *testing.T) {
	dir := t.TempDir()
	b := journaled(t, dir)
	sub := b.login("sub")
	sub.subscribe("t")
	b.login("pub").publish(protocol.QoS2, "t", 1)
	m := sub.next()
	sub.admin("t", map[string]any{"cmd": "unsubscribe"})
	b, _ = crash(t, dir)
	sub = b.login("sub")
	sub.subscribeFrom("*", all)
	sub.reactive(true)
	if again := sub.next(); again.ID == m.ID || show(again) != "* t 1" {
		t.Errorf("%s came under the id of another delivery: %v", show(again), again.ID)
	}
}

// TestRepeatOverTwoCrashes: a QoS2 message that is sent again is known as a repeat, also
// when its publisher was not there between two crashes.
func TestRepeatOverTwoCrashes(t *testing.T) {
	dir := t.TempDir()
	b := journaled(t, dir)
	sub := b.login("sub")
	sub.subscribe("t")
	repeated := &protocol.Message{Type: protocol.Pub, QoS: protocol.QoS2, ID: newID(), Topic: "t", Data: args(t, 1)}
	if r := b.login("pub").ask(repeated); r.Type != protocol.Ack {
		t.Fatalf("%v instead of ACK", r.Type)
	}
	b, dir = crash(t, dir)
	sub = b.login("sub")
	sub.reactive(true)
	m := sub.next()
	sub.send(protocol.NewAck(m.ID))
	if r := sub.answer(m.ID); r.Type != protocol.Ack2 { // behind the places of all twins on disk
		t.Fatalf("%v instead of ACK2", r.Type)
	}
	b, _ = crash(t, dir)
	pub := b.login("pub")
	if r := pub.ask(repeated); r.Type != protocol.Ack {
		t.Fatalf("%v instead of ACK", r.Type)
	}
	pub.publish(protocol.QoS1, "t", 2)
	late := b.login("late")
	late.subscribeFrom("t", all)
	late.reactive(true)
	late.want("t 1", "t 2")
	late.quiet()
}
