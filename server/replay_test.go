package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

func smallWindow(o *server.Options) { o.Window = 8 }

func smallOutbox(o *server.Options) { o.Outbox = 4 << 10 }

func TestAwayTwinGetsWhatItMissedInOrderBeforeLive(t *testing.T) {
	for _, q := range []protocol.QoS{0, 1, 2} {
		t.Run(fmt.Sprint("QoS", q), func(t *testing.T) {
			b := newBroker(t)
			pub, sub := b.login("pub"), b.login("sub")
			sub.subscribeFrom("t/*", all)
			sub.reactive(true)
			pub.publish(q, "t/a", 1)
			sub.want("t/* t/a 1")
			sub.sync()
			sub.close()
			for i := 2; i <= 50; i++ {
				pub.publish(q, "t/a", i)
				pub.publish(q, "other", i)
			}
			pub.sync()
			sub = b.login("sub")
			sub.quiet() // nothing before reactive(true)
			sub.reactive(true)
			pub.publish(q, "t/a", 51)
			for i := 2; i <= 51; i++ {
				sub.want(fmt.Sprintf("t/* t/a %d", i))
			}
			sub.quiet()
		})
	}
}

func TestNewTwinMayAskForEverythingStored(t *testing.T) {
	b := newBroker(t)
	pub := b.connect()
	pub.publish(protocol.QoS1, "t", 1)
	pub.publish(protocol.QoS2, "t", 2)
	for _, sub := range []*peer{b.login("named"), b.connect()} {
		sub.subscribeFrom("t", all)
		sub.reactive(true)
		sub.want("t 1", "t 2")
		sub.quiet()
	}
}

func TestReactiveFirstThenSubscribeReplaysAtOnce(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	pub.publish(protocol.QoS1, "old", 1)
	sub.reactive(true)
	sub.subscribe("live")
	pub.publish(protocol.QoS1, "live", 2)
	sub.want("live 2")
	sub.subscribeFrom("old", all)
	sub.want("old 1")
	pub.publish(protocol.QoS1, "old", 3)
	pub.publish(protocol.QoS0, "live", 4)
	sub.want("old 3", "live 4")
	sub.quiet()
}

func TestFromNowSkipsWhatWasMissed(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribe("t")
	pub.publish(protocol.QoS1, "t", 1)
	sub.want("t 1")
	sub.close()
	pub.publish(protocol.QoS1, "t", 2)
	pub.publish(protocol.QoS0, "t", 3)
	pub.sync()
	sub = b.login("sub")
	pub.publish(protocol.QoS1, "t", 4) // live before reactive(true)
	sub.want("t 4")
	sub.reactive(true)
	pub.publish(protocol.QoS0, "t", 5)
	sub.want("t 5")
	sub.quiet()
}

func TestUnackedIsOfferedAgainUnderTheSameID(t *testing.T) {
	for _, from := range []any{0.0, all} {
		b := newBroker(t)
		pub, sub := b.connect(), b.login("sub")
		sub.subscribeFrom("t", from)
		sub.reactive(true)
		pub.publish(protocol.QoS2, "t", 1)
		pub.publish(protocol.QoS2, "t", 2)
		first, second := sub.next(), sub.next()
		sub.send(protocol.NewAck(second.ID)) // out of order
		if r := sub.answer(second.ID); r.Type != protocol.Ack2 {
			t.Fatalf("answer of type %d", r.Type)
		}
		sub.close()
		sub = b.login("sub")
		sub.reactive(true)
		if m := sub.next(); m.ID != first.ID || show(m) != "t 1" {
			t.Fatalf("got %v %s, want %v", m.ID, show(m), first.ID)
		}
		sub.quiet()
	}
}

func TestSecondsAgoBoundsTheReplay(t *testing.T) {
	b := newBroker(t)
	pub := b.connect()
	pub.publish(protocol.QoS1, "t", 1)
	sub := b.login("sub")
	sub.subscribeFrom("t", int64(time.Hour))
	sub.reactive(true)
	sub.want("t 1")
	late := b.login("late")
	late.subscribeFrom("t", int64(1)) // a nanosecond
	late.reactive(true)
	late.quiet()
	pub.publish(protocol.QoS1, "t", 2)
	late.want("t 2")
	late.quiet()
}

func TestUnreactivePauses(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribeFrom("stored", all)
	sub.subscribe("now")
	sub.reactive(true)
	sub.reactive(false)
	pub.publish(protocol.QoS1, "stored", 1)
	pub.publish(protocol.QoS1, "now", 1)
	sub.quiet()
	sub.reactive(true)
	sub.want("stored 1")
	pub.publish(protocol.QoS1, "now", 2)
	sub.want("now 2")
	sub.quiet()
}

// TestSlowTwinSpools: fault 15, named. What does not fit waits in the log.
func TestSlowTwinSpools(t *testing.T) {
	for _, q := range []protocol.QoS{0, 1} {
		b := newBroker(t, smallOutbox)
		pub, sub, quick := b.login("pub"), b.login("slow"), b.login("quick")
		sub.subscribe("t")
		quick.subscribe("t")
		const n = 2000
		for i := range n {
			pub.publish(q, "t", i)
			quick.want(fmt.Sprintf("t %d", i)) // the slow one delays nobody
		}
		for i := range n {
			sub.want(fmt.Sprintf("t %d", i))
		}
		sub.quiet()
	}
}

// TestSlowAnonymousLosesOldest: fault 15, anonymous, QoS0.
func TestSlowAnonymousLosesOldest(t *testing.T) {
	b := newBroker(t, smallOutbox)
	pub, sub := b.connect(), b.connect()
	sub.subscribe("t")
	const n = 2000
	for i := range n {
		pub.publish(protocol.QoS0, "t", i)
	}
	pub.sync()
	if b.Stats().Dropped == 0 {
		t.Fatal("nothing dropped")
	}
	last := -1
	for last < n-1 {
		var v []int
		if err := sub.next().Data.Decode(&v); err != nil || v[0] <= last {
			t.Fatalf("got %v after %d: %v", v, last, err)
		}
		last = v[0]
	}
}

// TestSlowAnonymousIsClosedForQoS1: fault 15, anonymous, QoS1.
func TestSlowAnonymousIsClosedForQoS1(t *testing.T) {
	b := newBroker(t, smallOutbox)
	pub, sub := b.connect(), b.connect()
	sub.subscribe("t")
	for i := range 2000 {
		pub.publish(protocol.QoS1, "t", i)
	}
	<-sub.ended
}

func TestWindowBoundsUnacked(t *testing.T) {
	b := newBroker(t, smallWindow)
	pub, sub := b.login("pub"), b.login("sub")
	sub.subscribe("t")
	for i := range 20 {
		pub.publish(protocol.QoS1, "t", i)
	}
	var ids []protocol.ID
	for i := range 8 {
		m := sub.next()
		if show(m) != fmt.Sprintf("t %d", i) {
			t.Fatalf("got %s", show(m))
		}
		ids = append(ids, m.ID)
	}
	sub.quiet()
	for _, id := range ids {
		sub.send(protocol.NewAck(id))
	}
	for i := 8; i < 20; i++ {
		sub.want(fmt.Sprintf("t %d", i))
	}
}

func TestResubscribeContinuesWhereItStood(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	sub.subscribeFrom("t", all)
	sub.reactive(true)
	pub.publish(protocol.QoS1, "t", 1)
	sub.want("t 1")
	sub.admin("t", map[string]any{"cmd": "unsubscribe"})
	pub.publish(protocol.QoS1, "t", 2)
	sub.quiet()
	sub.subscribeFrom("t", all)
	sub.want("t 2")
	sub.quiet()
}

func TestFromNowTurnedToEverything(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.connect(), b.login("sub")
	pub.publish(protocol.QoS1, "t", 1)
	sub.subscribe("t")
	pub.publish(protocol.QoS1, "t", 2)
	sub.want("t 2")
	sub.subscribeFrom("t", all)
	sub.reactive(true)
	sub.want("t 1")
	pub.publish(protocol.QoS1, "t", 3)
	sub.want("t 3")
	sub.quiet()
}
