// Package logtest holds what every server.Log has to do, as tests that its
// implementations run.
package logtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// patience is how long a test waits for what must come. Nothing measures it.
const patience = 10 * time.Second

// Run tests the logs that open returns, each new and empty; open registers their
// end with the test's Cleanup.
func Run(t *testing.T, open func(t *testing.T) server.Log) {
	for name, test := range map[string]func(*testing.T, server.Log){
		"new":                    isEmpty,
		"numbers":                numbers,
		"entries are copied":     copies,
		"what is kept":           keeps,
		"durable without commit": movesAlone,
		"read in steps":          readsInSteps,
		"read is bounded":        readIsBounded,
		"read beyond the end":    readsBeyond,
		"notify in order":        notifiesInOrder,
		"callbacks may call":     callbacksMayCall,
		"states":                 storesStates,
		"room":                   hasRoom,
		"all at once":            allAtOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// pub returns an entry whose message carries text.
func pub(topic string, q protocol.QoS, text string) *protocol.Entry {
	return &protocol.Entry{Time: time.Now().UnixNano(), Msg: &protocol.Message{
		Type: protocol.Pub, QoS: q, Topic: topic, ID: protocol.NumberID(1), Data: protocol.TextPayload(text),
	}}
}

func text(t *testing.T, e *protocol.Entry) string {
	t.Helper()
	var s string
	if err := e.Msg.Data.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func appendAll(t *testing.T, log server.Log, entries ...*protocol.Entry) {
	t.Helper()
	if err := log.Append(entries...); err != nil {
		t.Fatal(err)
	}
}

// settle waits until everything appended is durable, told by a state behind it.
func settle(t *testing.T, log server.Log) {
	t.Helper()
	done := make(chan error, 1)
	if err := log.PutState("settle", []byte("x"), func(err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	log.Commit()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("a state did not become durable")
	}
}

// readAll reads everything from a sequence on, at most max at a time.
func readAll(t *testing.T, log server.Log, from uint64, max int, match func(string) bool) (all []*protocol.Entry) {
	t.Helper()
	durable := log.Durable()
	for from <= durable {
		entries, next, err := log.Read(from, max, match)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) > max {
			t.Fatalf("%d entries, at most %d were wanted", len(entries), max)
		}
		if next <= from {
			t.Fatalf("from %d on to %d", from, next)
		}
		for _, e := range entries {
			if e.Seq < from || e.Seq >= next {
				t.Fatalf("entry %d lies not in [%d, %d)", e.Seq, from, next)
			}
		}
		all = append(all, entries...)
		from = next
	}
	if !slices.IsSortedFunc(all, func(a, b *protocol.Entry) int { return int(a.Seq) - int(b.Seq) }) {
		t.Fatal("not in order")
	}
	return all
}

func isEmpty(t *testing.T, log server.Log) {
	if log.First() != log.End()+1 || log.Durable() != log.End() {
		t.Errorf("first %d, end %d, durable %d", log.First(), log.End(), log.Durable())
	}
	if err := log.States(func(string, []byte) error { t.Error("a state"); return nil }); err != nil {
		t.Error(err)
	}
	if all := readAll(t, log, 0, 10, nil); len(all) != 0 {
		t.Errorf("%d entries", len(all))
	}
}

func numbers(t *testing.T, log server.Log) {
	first := log.End() + 1
	if first == 0 {
		t.Fatal("sequences begin at 1")
	}
	for n := first; n < first+100; {
		batch := make([]*protocol.Entry, 1+n%3)
		for i := range batch {
			batch[i] = pub("t", protocol.QoS(n%3), "x")
		}
		appendAll(t, log, batch...)
		for _, e := range batch {
			if e.Seq != n {
				t.Fatalf("number %d, want %d", e.Seq, n)
			}
			n++
		}
		if log.End() != n-1 {
			t.Fatalf("end %d, want %d", log.End(), n-1)
		}
	}
	settle(t, log)
	if log.First() != first || log.Durable() != log.End() {
		t.Errorf("first %d, durable %d, end %d", log.First(), log.Durable(), log.End())
	}
}

func copies(t *testing.T, log server.Log) {
	e := pub("a", protocol.QoS1, "first")
	appendAll(t, log, e)
	*e = *pub("b", protocol.QoS1, "second")
	appendAll(t, log, e)
	settle(t, log)
	all := readAll(t, log, 0, 10, nil)
	if len(all) != 2 || all[0].Msg.Topic != "a" || text(t, all[0]) != "first" || text(t, all[1]) != "second" {
		t.Errorf("got %d entries", len(all))
	}
}

func keeps(t *testing.T, log server.Log) {
	wide, _ := protocol.BytesID([]byte("0123456789abcdef"))
	written, _ := protocol.TextID("id")
	var want []protocol.Entry
	for i, id := range []protocol.ID{{}, protocol.NumberID(1<<63 + 1), wide, written} {
		e := pub(fmt.Sprint("t/", i), protocol.QoS(i%3), "x")
		e.Msg.ID, e.Time, e.From, e.Kind = id, int64(i+1)*1e9, "name", protocol.EntryKind(i%3)
		e.Msg.HasSlot, e.Msg.Slot = i%2 == 1, uint32(i%2)*4e9
		e.Msg.Origin = []int64{0, 1769854830123456789, -1, 1}[i]
		if i == 3 {
			e.Msg.Data = protocol.NewPayload(protocol.JSON, []byte(`"x"`))
		}
		appendAll(t, log, e)
		want = append(want, *e)
	}
	settle(t, log)
	all := readAll(t, log, 0, 10, nil)
	if len(all) != len(want) {
		t.Fatalf("%d entries", len(all))
	}
	for i, e := range all {
		w := want[i]
		if e.Seq != w.Seq || e.Time != w.Time || e.From != w.From || e.Kind != w.Kind {
			t.Errorf("got %+v, want %+v", *e, w)
		}
		m, n := e.Msg, w.Msg
		if m.Topic != n.Topic || m.QoS != n.QoS || m.ID != n.ID || m.HasSlot != n.HasSlot || m.Slot != n.Slot || m.Origin != n.Origin ||
			m.Data.Encoding() != n.Data.Encoding() || string(m.Data.Raw()) != string(n.Data.Raw()) {
			t.Errorf("got %s id %v slot %d origin %d, want %s id %v slot %d origin %d", m.Topic, m.ID, m.Slot, m.Origin, n.Topic, n.ID, n.Slot, n.Origin)
		}
	}
}

func movesAlone(t *testing.T, log server.Log) {
	moved := make(chan uint64, 16)
	log.Notify(func(durable uint64, err error) {
		if err == nil {
			moved <- durable
		}
	})
	e := pub("t", protocol.QoS0, "x")
	appendAll(t, log, e)
	for {
		select {
		case durable := <-moved:
			if durable >= e.Seq {
				return
			}
		case <-time.After(patience):
			t.Fatal("the durable end did not move")
		}
	}
}

func readsInSteps(t *testing.T, log server.Log) {
	const n = 200
	for i := range n {
		appendAll(t, log, pub([]string{"a", "b", "c"}[i%3], protocol.QoS1, fmt.Sprint(i)))
	}
	settle(t, log)
	for _, topics := range []string{"a", "bc", "abc", "z"} {
		match := func(topic string) bool { return len(topics) > 0 && slices.Contains([]byte(topics), topic[0]) }
		var want []string
		for i := range n {
			if match([]string{"a", "b", "c"}[i%3]) {
				want = append(want, fmt.Sprint(i))
			}
		}
		for _, max := range []int{1, 7, n + 1} {
			var got []string
			for _, e := range readAll(t, log, 0, max, match) {
				got = append(got, text(t, e))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s by %d: %d entries, want %d", topics, max, len(got), len(want))
			}
		}
	}
	from := log.First() + 50
	if all := readAll(t, log, from, 1000, nil); len(all) != n-50 || all[0].Seq != from {
		t.Errorf("from the middle: %d entries", len(all))
	}
}

func readIsBounded(t *testing.T, log server.Log) {
	big := string(make([]byte, 300<<10))
	for range 12 {
		appendAll(t, log, pub("t", protocol.QoS1, big))
	}
	settle(t, log)
	entries, next, err := log.Read(log.First(), 100, nil)
	if err != nil || len(entries) == 0 || len(entries) > 8 {
		t.Fatalf("%d entries of 300 KiB at once: %v", len(entries), err)
	}
	if next != entries[len(entries)-1].Seq+1 {
		t.Errorf("next %d after %d", next, entries[len(entries)-1].Seq)
	}
	if all := readAll(t, log, 0, 100, nil); len(all) != 12 {
		t.Errorf("%d entries", len(all))
	}
}

func readsBeyond(t *testing.T, log server.Log) {
	appendAll(t, log, pub("t", protocol.QoS1, "x"))
	settle(t, log)
	for _, from := range []uint64{log.Durable() + 1, log.Durable() + 100} {
		entries, next, err := log.Read(from, 10, nil)
		if err != nil || len(entries) > 0 || next <= log.Durable() {
			t.Errorf("from %d: %d entries, next %d, %v", from, len(entries), next, err)
		}
	}
}

func notifiesInOrder(t *testing.T, log server.Log) {
	var told [2][]uint64 // no lock: the race detector sees whether it is one goroutine
	states := 0
	for i := range told {
		log.Notify(func(durable uint64, err error) {
			if err == nil {
				told[i] = append(told[i], durable)
			}
		})
	}
	for range 50 {
		e := pub("t", protocol.QoS1, "x")
		appendAll(t, log, e)
		seq := e.Seq
		if err := log.PutState("s", []byte("x"), func(err error) {
			states++
			if last := told[0]; err != nil || len(last) == 0 || last[len(last)-1] < seq {
				t.Errorf("a state was told before what came before it: %v", err)
			}
		}); err != nil {
			t.Fatal(err)
		}
		log.Commit()
	}
	settle(t, log)
	for _, list := range told {
		if len(list) == 0 || list[len(list)-1] != log.End() {
			t.Errorf("told %d times, not the end", len(list))
		}
		for i := 1; i < len(list); i++ {
			if list[i] <= list[i-1] {
				t.Errorf("%d after %d", list[i], list[i-1])
			}
		}
	}
	if states != 50 {
		t.Errorf("%d states were told", states)
	}
}

// callbacksMayCall: no lock of the log is held while it tells.
func callbacksMayCall(t *testing.T, log server.Log) {
	told := make(chan struct{}, 1)
	log.Notify(func(durable uint64, err error) {
		if durable == 0 || durable > log.End() || durable > log.Durable() {
			t.Errorf("told of %d, durable %d, end %d", durable, log.Durable(), log.End())
		}
		if _, _, err := log.Read(durable, 1, nil); err != nil {
			t.Error(err)
		}
		log.Commit()
		select {
		case told <- struct{}{}:
		default:
		}
	})
	again := make(chan error, 1)
	if err := log.PutState("a", []byte("x"), func(error) {
		if err := log.PutState("b", nil, func(err error) { again <- err }); err != nil {
			again <- err
		}
		log.Commit()
	}); err != nil {
		t.Fatal(err)
	}
	appendAll(t, log, pub("t", protocol.QoS1, "x"))
	log.Commit()
	for range 2 {
		select {
		case <-told:
			told = nil
		case err := <-again:
			if err != nil {
				t.Error(err)
			}
			again = nil
		case <-time.After(patience):
			t.Fatal("nothing was told")
		}
	}
	settle(t, log)
}

func storesStates(t *testing.T, log server.Log) {
	told := make(chan error, 3)
	buf := []byte("first")
	for _, state := range [][]byte{buf, []byte("second"), nil} {
		if err := log.PutState("name", state, func(err error) { told <- err }); err != nil {
			t.Fatal(err)
		}
	}
	copy(buf, "xxxxx") // it is the caller's again
	log.Commit()
	for range 3 {
		select {
		case err := <-told:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("a state was not told")
		}
	}
	if log.End() != 0 && log.First() != log.End()+1 {
		t.Error("states take numbers")
	}
}

func hasRoom(t *testing.T, log server.Log) {
	for range 100 {
		if err := log.Room(context.Background()); err != nil {
			t.Fatal(err)
		}
		appendAll(t, log, pub("t", protocol.QoS0, "x"))
	}
}

// allAtOnce: publishers, readers and states at the same time; each publisher's
// entries are there, in order, and no reader misses one.
func allAtOnce(t *testing.T, log server.Log) {
	const writers, each = 4, 300
	first := log.End() + 1
	var writing, reading sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				if err := log.Append(pub(fmt.Sprint("t/", w), protocol.QoS(i%3), fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
				if i%10 == 0 {
					_ = log.PutState(fmt.Sprint("s", w), []byte{byte(i)}, nil)
					log.Commit()
				}
			}
		})
	}
	for range 2 {
		reading.Go(func() {
			seen := uint64(0)
			for from := first; from < first+writers*each; {
				entries, next, err := log.Read(from, 50, nil)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range entries {
					if e.Seq != first+seen {
						t.Errorf("%d after %d", e.Seq, first+seen-1)
						return
					}
					seen++
				}
				from = next
				log.Commit()
			}
		})
	}
	writing.Wait()
	settle(t, log)
	reading.Wait()
	count := make(map[string]int)
	for _, e := range readAll(t, log, first, 100, nil) {
		if text(t, e) != fmt.Sprint(count[e.Msg.Topic]) {
			t.Fatalf("%s: %s is out of order", e.Msg.Topic, text(t, e))
		}
		count[e.Msg.Topic]++
	}
	for w := range writers {
		if count[fmt.Sprint("t/", w)] != each {
			t.Errorf("publisher %d: %d entries", w, count[fmt.Sprint("t/", w)])
		}
	}
}
