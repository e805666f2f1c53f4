package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// journaled is a broker over a journal in dir.
func journaled(t *testing.T, dir string) *broker {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := j.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return newBroker(t, func(o *server.Options) { o.Log = j }, smallWindow)
}

// crash returns a broker over what would be on disk, were the one in dir killed now.
func crash(t *testing.T, dir string) (b *broker, copied string) {
	t.Helper()
	copied = t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return journaled(t, copied), copied
}

// TestCrashDuringReplay: fault 11. A QoS2 delivery whose ACK2 came is not made again
// after a crash, while the replay of the subscription is still under way.
func TestCrashDuringReplay(t *testing.T) {
	dir := t.TempDir()
	b := journaled(t, dir)
	pub, sub := b.login("pub"), b.login("sub")
	sub.subscribeFrom("t", all)
	const count = 40 // more than the window takes
	for i := range count {
		pub.publish(protocol.QoS2, "t", i)
	}
	sub.reactive(true)
	for range 10 {
		m := sub.next()
		sub.send(protocol.NewAck(m.ID))
		if r := sub.answer(m.ID); r.Type != protocol.Ack2 {
			t.Fatalf("%v instead of ACK2", r.Type)
		}
	}
	b, dir = crash(t, dir)
	pub = b.login("pub")
	b.login("sub").sync()              // that it is here is logged, not yet what it is served
	pub.publish(protocol.QoS1, "u", 0) // and on disk with this ACK
	b, _ = crash(t, dir)
	sub = b.login("sub")
	sub.reactive(true)
	for i := 10; i < count; i++ {
		m := sub.next()
		for m.Type == protocol.Ack2 {
			m = sub.next()
		}
		if want := fmt.Sprint("t ", i); show(m) != want {
			t.Fatalf("%s came after the crashes, want %s", show(m), want)
		}
		sub.send(protocol.NewAck(m.ID))
	}
}

// What was acked out of order is remembered while its subscription waits for
// reactive(true), wherever others have got meanwhile.
func TestAckedOutOfOrderWhileOthersGoOn(t *testing.T) {
	b := newBroker(t)
	pub, sub := b.login("pub"), b.login("sub")
	sub.subscribeFrom("t", all)
	sub.subscribe("u")
	sub.reactive(true)
	for i := range 3 {
		pub.publish(protocol.QoS2, "t", i)
	}
	sub.next()
	m := sub.next()
	sub.send(protocol.NewAck(m.ID))
	sub.answer(m.ID)
	sub.close()
	sub = b.login("sub") // not reactive: only u is served
	sub.sync()
	pub.publish(protocol.QoS1, "u", 0)
	m = sub.next()
	sub.send(protocol.NewAck(m.ID))
	sub.close()
	sub = b.login("sub")
	sub.reactive(true)
	sub.want("t 0", "t 2")
	sub.quiet()
}

// QoS0 that was served as it came is not replayed after a crash.
func TestCrashAfterLiveQoS0(t *testing.T) {
	dir := t.TempDir()
	b := journaled(t, dir)
	pub, sub := b.login("pub"), b.login("sub")
	sub.subscribeFrom("t", all)
	pub.publish(protocol.QoS1, "t", 0)
	sub.reactive(true)
	m := sub.next()
	sub.send(protocol.NewAck(m.ID))
	for i := 1; i < 4; i++ {
		pub.publish(protocol.QoS0, "t", i)
	}
	sub.want("t 1", "t 2", "t 3")
	pub.publish(protocol.QoS1, "u", 0) // with its ACK all before is on disk
	b, _ = crash(t, dir)
	pub, sub = b.login("pub"), b.login("sub")
	sub.reactive(true)
	pub.publish(protocol.QoS1, "t", 4) // comes after what is replayed
	for m = sub.next(); show(m) != "t 4"; m = sub.next() {
		if m.QoS == protocol.QoS0 {
			t.Errorf("%s came again", show(m))
		}
	}
}

// QoS0 that was replayed is not replayed again after a crash, and what is published
// after the crash is not taken for it.
func TestCrashAfterReplayedQoS0(t *testing.T) {
	dir := t.TempDir()
	b := journaled(t, dir)
	pub, sub := b.login("pub"), b.login("sub")
	sub.subscribeFrom("t", all)
	for i := range 3 {
		pub.publish(protocol.QoS0, "t", i)
	}
	pub.publish(protocol.QoS1, "u", 0) // with its ACK all before is on disk
	sub.reactive(true)
	sub.want("t 0", "t 1", "t 2")
	b, _ = crash(t, dir)
	pub, sub = b.login("pub"), b.login("sub")
	pub.publish(protocol.QoS0, "t", 3)
	pub.publish(protocol.QoS1, "u", 0)
	sub.reactive(true)
	sub.want("t 3")
}
