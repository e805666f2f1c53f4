package server

import (
	"sync"
	"testing"

	"github.com/rembus-go/rembus/protocol"
)

func newOutbox(limit int, b *budget) *outbox {
	if b == nil {
		b = &budget{limit: 1 << 40}
	}
	o := &outbox{}
	o.init(limit, b)
	return o
}

// bulky returns a message of exactly size bytes.
func bulky(topic string, size int) *protocol.Message {
	m := protocol.NewPub(topic, nil)
	m.Data = protocol.NewPayload(protocol.CBOR, make([]byte, size-m.Size()))
	return m
}

func ack(n uint64) *protocol.Message { return protocol.NewAck(protocol.NumberID(n)) }

// taken writes the next batch as the writer does, and names what is in it.
func taken(t *testing.T, o *outbox) (names string) {
	t.Helper()
	batch, ok := o.take(nil)
	if !ok {
		t.Fatal("the outbox has ended")
	}
	for _, m := range batch {
		switch m.Type {
		case protocol.Ack:
			names += "A"
		case protocol.Ack2:
			names += "2"
		default:
			names += m.Topic
		}
	}
	o.sent(batch)
	return names
}

// TestOutboxLanes: answers first, then what is sure, then QoS0; each in order.
// ACK2 does not overtake deliveries.
func TestOutboxLanes(t *testing.T) {
	o := newOutbox(1<<20, nil)
	o.push(bulky("x", 300), laneLossy)
	o.push(bulky("s", 300), laneSure)
	o.push(protocol.NewAck2(protocol.NumberID(1)), laneSure)
	o.push(bulky("y", 300), laneLossy)
	o.push(bulky("u", 300), laneSure)
	o.push(ack(1), laneUrgent)
	if got := taken(t, o); got != "As2uxy" {
		t.Errorf("got %s", got)
	}
	if o.bytes+o.flying+o.urgent != 0 || o.budget.used.Load() != 0 {
		t.Errorf("%d queued, %d flying, %d urgent, %d of the budget", o.bytes, o.flying, o.urgent, o.budget.used.Load())
	}
}

func TestOutboxBound(t *testing.T) {
	o := newOutbox(1000, nil)
	if !o.push(bulky("a", 5000), laneSure) {
		t.Fatal("an empty outbox takes a message of any size")
	}
	if o.push(bulky("b", 300), laneSure) || o.pushAll([]*protocol.Message{bulky("c", 300)}, laneLossy) {
		t.Fatal("a full outbox took more")
	}
	if !o.push(ack(1), laneUrgent) {
		t.Fatal("an answer was refused")
	}
	batch, _ := o.take(nil)
	if !o.push(bulky("d", 600), laneSure) { // what is being written is not queued
		t.Fatal("no room beside a batch that is being written")
	}
	if !o.sent(batch) {
		t.Error("that somebody waits for room was not told")
	}
	if o.pushAll([]*protocol.Message{bulky("e", 300), bulky("f", 300)}, laneSure) {
		t.Error("two were taken where there is room for one")
	}
	if !o.push(bulky("g", 300), laneSure) {
		t.Error("a part of what was refused is there")
	}
	if got := taken(t, o); got != "dg" {
		t.Errorf("got %s", got)
	}
}

// TestOutboxDropsOldest: fault 15, anonymous, QoS0.
func TestOutboxDropsOldest(t *testing.T) {
	o := newOutbox(1000, nil)
	o.push(bulky("s", 300), laneSure)
	for _, name := range []string{"a", "b"} {
		if lost := o.pushDropping(bulky(name, 300)); lost != 0 {
			t.Fatalf("%d lost", lost)
		}
	}
	if lost := o.pushDropping(bulky("c", 300)); lost != 1 {
		t.Errorf("%d lost", lost)
	}
	if lost := o.pushDropping(bulky("huge", 2000)); lost != 3 { // b, c and itself
		t.Errorf("%d lost", lost)
	}
	if got := taken(t, o); got != "s" {
		t.Errorf("got %s", got)
	}
	if lost := o.pushDropping(bulky("huge", 2000)); lost != 0 {
		t.Error("an empty outbox takes a message of any size")
	}
}

// TestOutboxBudget: beyond the common budget the largest outboxes count as full.
func TestOutboxBudget(t *testing.T) {
	b := &budget{limit: 2000}
	large, small := newOutbox(1<<20, b), newOutbox(1<<20, b)
	large.push(bulky("a", 1500), laneSure)
	small.push(bulky("b", 600), laneSure)
	if large.push(bulky("c", 300), laneSure) {
		t.Error("the large one took more")
	}
	if !small.push(bulky("d", 300), laneSure) {
		t.Error("the small one was refused")
	}
	large.close(true)
	if used := b.used.Load(); used != 900 {
		t.Errorf("%d bytes are used", used)
	}
	if boxes := b.boxes.Load(); boxes != 1 {
		t.Errorf("%d outboxes are open", boxes)
	}
	large.close(true)
	if boxes := b.boxes.Load(); boxes != 1 {
		t.Errorf("closed twice, %d outboxes are open", boxes)
	}
}

// TestOutboxAnswers: beyond the budget only small answers are taken, but for one.
func TestOutboxAnswers(t *testing.T) {
	o := newOutbox(1<<20, &budget{limit: 20_000})
	answer := func(size int) *protocol.Message {
		return protocol.NewResponse(protocol.NumberID(1), protocol.StatusOK, protocol.NewPayload(protocol.CBOR, make([]byte, size)))
	}
	for i, want := range []bool{true, true, false, false} {
		if got := o.pushAnswer(answer(15_000), false); got != want {
			t.Errorf("answer %d: %v", i, got)
		}
	}
	if !o.pushAnswer(answer(100), false) {
		t.Error("a small one was refused")
	}
	batch, _ := o.take(nil)
	if o.pushAnswer(answer(15_000), false) {
		t.Error("taken while the others are being written")
	}
	o.sent(batch)
	if !o.pushAnswer(answer(15_000), false) {
		t.Error("refused when all were written")
	}
}

// TestOutboxClosed takes nothing more, and hands out what is left unless told to
// drop it.
func TestOutboxClosed(t *testing.T) {
	o := newOutbox(1000, nil)
	o.push(bulky("a", 300), laneSure)
	o.close(false)
	if o.push(ack(1), laneUrgent) || o.push(bulky("b", 300), laneSure) || o.pushDropping(bulky("c", 300)) != 0 {
		t.Error("taken after the end")
	}
	if got := taken(t, o); got != "a" {
		t.Errorf("got %s", got)
	}
	if _, ok := o.take(nil); ok {
		t.Error("something is left")
	}
	o.waitEmpty()
	o.waitUrgent()
}

// TestWaitUrgent: who does not read answers is not read any more.
func TestWaitUrgent(t *testing.T) {
	o := newOutbox(1000, nil)
	for n := range uint64(10) {
		o.push(ack(n), laneUrgent)
	}
	var group sync.WaitGroup
	group.Go(o.waitUrgent)
	batch, _ := o.take(nil)
	o.mu.Lock()
	still := o.urgent > o.limit // until they are written they count
	o.mu.Unlock()
	if !still {
		t.Error("answers that are being written do not count")
	}
	o.sent(batch)
	group.Wait()
	for n := range uint64(10) {
		o.push(protocol.NewAck2(protocol.NumberID(n)), laneSure)
	}
	group.Go(o.waitUrgent)
	o.close(true)
	group.Wait()
}

// TestOutboxBatchIsBounded: an answer waits for one batch at most.
func TestOutboxBatchIsBounded(t *testing.T) {
	o := newOutbox(1<<30, nil)
	for range 2 * batchMessages {
		o.push(protocol.NewPub("t", nil), laneLossy)
	}
	batch, _ := o.take(nil)
	if len(batch) != batchMessages {
		t.Errorf("%d messages", len(batch))
	}
	o.sent(batch)
	o.push(ack(1), laneUrgent)
	if batch, _ = o.take(nil); batch[0].Type != protocol.Ack {
		t.Error("the answer is not the first of the next batch")
	}
	o.sent(batch)
	for range 4 {
		o.push(bulky("t", batchBytes), laneSure)
	}
	for range 4 {
		if got := taken(t, o); got != "t" {
			t.Errorf("got %s", got)
		}
	}
}

// TestOutboxManyWriters: bytes add up whatever the order.
func TestOutboxManyWriters(t *testing.T) {
	b := &budget{limit: 1 << 40}
	o := newOutbox(1<<16, b)
	var writers, reader sync.WaitGroup
	reader.Go(func() {
		var batch []*protocol.Message
		for {
			var ok bool
			if batch, ok = o.take(batch[:0]); !ok {
				return
			}
			o.sent(batch)
		}
	})
	for w := range 8 {
		writers.Go(func() {
			for n := range uint64(2000) {
				switch w % 4 {
				case 0:
					o.push(bulky("s", 300), laneSure)
				case 1:
					o.pushDropping(bulky("l", 300))
				case 2:
					o.push(ack(n), laneUrgent)
				case 3:
					o.waitUrgent()
					o.pushAll([]*protocol.Message{bulky("x", 300), bulky("y", 300)}, laneLossy)
				}
			}
		})
	}
	writers.Wait()
	o.close(false)
	reader.Wait()
	o.waitEmpty()
	if o.bytes+o.flying+o.urgent != 0 || b.used.Load() != 0 || b.boxes.Load() != 0 {
		t.Errorf("%d queued, %d flying, %d urgent, %d used", o.bytes, o.flying, o.urgent, b.used.Load())
	}
}
