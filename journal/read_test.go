package journal_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

func id(t testing.TB, make func() (protocol.ID, bool)) protocol.ID {
	t.Helper()
	v, ok := make()
	if !ok {
		t.Fatal("not an id")
	}
	return v
}

// Everything that Entry says is kept comes back as it was, ids equal included.
func TestEveryFieldIsKept(t *testing.T) {
	fs := crashfs.New()
	cbor := protocol.NewPayload(protocol.CBOR, []byte{0x81, 0x01})
	json := protocol.NewPayload(protocol.JSON, []byte(`[1]`))
	large := protocol.NewPayload(protocol.CBOR, bytes.Repeat([]byte{0xf6}, 3<<20))
	middle := protocol.NewPayload(protocol.CBOR, bytes.Repeat([]byte{0xf5}, 64<<10))
	wide := func() (protocol.ID, bool) { return protocol.BytesID(bytes.Repeat([]byte{7}, 16)) }
	word := func() (protocol.ID, bool) { return protocol.TextID("word") }
	same := func() (protocol.ID, bool) { return protocol.BytesID([]byte("word")) }
	entries := []*protocol.Entry{
		{Msg: protocol.NewPub("t", nil)},
		{Time: -5, From: "alice", Msg: &protocol.Message{Type: protocol.Pub, Topic: "t", QoS: protocol.QoS1, ID: protocol.NumberID(math.MaxUint64), Data: cbor}},
		{Time: math.MaxInt64, From: strings.Repeat("n", 128), Msg: &protocol.Message{Type: protocol.Pub, Topic: strings.Repeat("t", 1024), QoS: protocol.QoS2, ID: id(t, wide), Data: json}},
		{Time: 1, Msg: &protocol.Message{Type: protocol.Pub, Topic: "t", QoS: protocol.QoS2, ID: id(t, word), HasSlot: true, Slot: math.MaxUint32, Origin: math.MinInt64, Data: cbor}},
		{Time: 1, Msg: &protocol.Message{Type: protocol.Pub, Topic: "t", QoS: protocol.QoS2, ID: id(t, same), HasSlot: true, Origin: math.MaxInt64, Data: middle}},
		{Time: 1, Kind: protocol.EntryUpsert, Msg: &protocol.Message{Type: protocol.RPC, Topic: "table", ID: protocol.NumberID(0), Data: large}},
		{Time: 1, Kind: protocol.EntryDelete, Msg: &protocol.Message{Type: protocol.RPC, Topic: "table", Origin: 1, Data: protocol.NewPayload(protocol.JSON, nil)}},
	}
	j := open(t, "j", journal.Options{FS: fs})
	appendAll(t, j, entries...)
	for range 2 {
		settle(t, j)
		got := all(t, j, nil)
		if len(got) != len(entries) {
			t.Fatalf("%d entries", len(got))
		}
		for i, e := range got {
			w := entries[i]
			m, wm := e.Msg, w.Msg
			if e.Seq != uint64(i+1) || w.Seq != e.Seq || e.Time != w.Time || e.Time == 0 || e.Kind != w.Kind || e.From != w.From ||
				m.Type != wm.Type || m.QoS != wm.QoS || m.HasSlot != wm.HasSlot || m.Slot != wm.Slot || m.Origin != wm.Origin || m.ID != wm.ID || m.Topic != wm.Topic ||
				(m.Data == nil) != (wm.Data == nil) || m.Data.Encoding() != wm.Data.Encoding() || !bytes.Equal(m.Data.Raw(), wm.Data.Raw()) {
				t.Errorf("entry %d is %.200s, want %.200s", i, text(e), text(w))
			}
		}
		closed(t, j)
		j = open(t, "j", journal.Options{FS: fs})
	}
}

func TestReadIsBounded(t *testing.T) {
	j := open(t, "j", journal.Options{FS: crashfs.New()})
	for range 100 {
		appendAll(t, j, pub("small", protocol.QoS0, `[]`))
	}
	for range 5 {
		appendAll(t, j, pub("large", protocol.QoS0, strings.Repeat("1", 700<<10)))
	}
	settle(t, j)
	for _, c := range []struct {
		from uint64
		max  int
		want int
		next uint64
	}{
		{0, 0, 1, 2}, {0, 1, 1, 2}, {1, 10, 10, 11}, {50, 1000, 53, 103}, {101, 1000, 2, 103}, {105, 1000, 1, 106}, {106, 10, 0, 106}, {200, 10, 0, 200},
	} {
		entries, next, err := j.Read(c.from, c.max, nil)
		if err != nil || len(entries) != c.want || next != c.next {
			t.Errorf("Read(%d, %d) gives %d entries and goes on from %d (%v), want %d and %d", c.from, c.max, len(entries), next, err, c.want, c.next)
		}
	}
}

func TestReadMatchesTopics(t *testing.T) {
	fs := crashfs.New()
	opts := journal.Options{FS: fs, SegmentBytes: 16 << 10}
	j := open(t, "j", opts)
	want := map[string][]uint64{}
	for i := range 2000 {
		topic := fmt.Sprint("often/", i%700)
		if i%500 == 7 {
			topic = "rare"
		}
		e := pub(topic, protocol.QoS0, strings.Repeat("1", 50))
		appendAll(t, j, e)
		want[topic] = append(want[topic], e.Seq)
		if i%50 == 0 {
			settle(t, j)
		}
	}
	settle(t, j)
	for range 2 {
		for _, topic := range []string{"rare", "often/3", "never"} {
			var seqs []uint64
			for _, e := range all(t, j, func(s string) bool { return s == topic }) {
				seqs = append(seqs, e.Seq)
			}
			if !slices.Equal(seqs, want[topic]) {
				t.Fatalf("%s: %v, want %v", topic, seqs, want[topic])
			}
		}
		var opened atomic.Int32
		fs.Hook(func(op crashfs.Op, _ string) error {
			if op == crashfs.OpRead {
				opened.Add(1)
			}
			return nil
		})
		if got := all(t, j, func(string) bool { return false }); len(got) != 0 || opened.Load() != 0 {
			t.Fatalf("%d entries, %d reads of segments that hold no such topic", len(got), opened.Load())
		}
		fs.Hook(nil)
		closed(t, j)
		j = open(t, "j", opts)
	}
}

// More topics than the list of a segment holds: nothing is skipped wrongly.
func TestManyTopics(t *testing.T) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs})
	for i := range 5000 {
		appendAll(t, j, pub(fmt.Sprint("t", i), protocol.QoS0, `[]`))
	}
	settle(t, j)
	for range 2 {
		for _, topic := range []string{"t0", "t4999"} {
			if got := all(t, j, func(s string) bool { return s == topic }); len(got) != 1 || got[0].Msg.Topic != topic {
				t.Fatalf("%s: %v", topic, texts(got))
			}
		}
		closed(t, j)
		j = open(t, "j", journal.Options{FS: fs})
	}
}

func TestPolicy(t *testing.T) {
	var rules []journal.Rule
	for _, s := range []string{"a/*=durable", "b=off", "a/x=off", "**=all"} {
		r, err := journal.ParseRule(s)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	policy, err := journal.NewPolicy(rules)
	if err != nil {
		t.Fatal(err)
	}
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs, Policy: policy})
	news := listen(j)
	var want []uint64
	for range 2 {
		for topic, stored := range map[string][3]bool{"a/x": {false, true, true}, "b": {}, "c": {true, true, true}} {
			for qos, stored := range stored {
				e := pub(topic, protocol.QoS(qos), `[]`)
				appendAll(t, j, e)
				if stored {
					want = append(want, e.Seq)
				}
			}
		}
	}
	appendAll(t, j, pub("b", protocol.QoS2, `[]`))
	upsert := pub("b", protocol.QoS0, `[]`) // of a table that is called like a topic: always stored
	upsert.Kind = protocol.EntryUpsert
	appendAll(t, j, upsert, pub("b", protocol.QoS2, `[]`))
	want = append(want, upsert.Seq)
	news.reach(t, 21) // of itself, within the interval
	for range 2 {
		var seqs []uint64
		for _, e := range all(t, j, nil) {
			seqs = append(seqs, e.Seq)
		}
		if !slices.Equal(seqs, want) || j.End() != 21 || j.Durable() != 21 {
			t.Fatalf("%v, want %v; end %d, durable %d", seqs, want, j.End(), j.Durable())
		}
		closed(t, j)
		fs = fs.Kill()
		j = open(t, "j", journal.Options{FS: fs}) // the last number was not stored, and is known
	}
}

func TestBadRules(t *testing.T) {
	for _, s := range []string{"", "a", "a=", "a=everything", "=", "a=all,"} {
		if r, err := journal.ParseRule(s); err == nil {
			t.Errorf("%q is %v", s, r)
		}
	}
	for _, r := range []journal.Rule{{Space: "", Policy: journal.Off}, {Space: "a", Policy: 3}, {Space: "a\x00"}} {
		if _, err := journal.NewPolicy([]journal.Rule{r}); err == nil {
			t.Errorf("%v is accepted", r)
		}
	}
}

// A number is above the lake's position, whatever became of the log.
func TestFloor(t *testing.T) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs, Floor: 100})
	if j.First() != 101 || j.End() != 100 || j.Durable() != 100 {
		t.Fatalf("first %d end %d durable %d", j.First(), j.End(), j.Durable())
	}
	fill(t, j, 2)
	closed(t, j)
	j = open(t, "j", journal.Options{FS: fs, Floor: 50})
	if j.End() != 102 {
		t.Fatalf("end %d", j.End())
	}
	closed(t, j)
	j = open(t, "j", journal.Options{FS: fs, Floor: 500})
	fill(t, j, 1)
	got := all(t, j, nil)
	if len(got) != 3 || got[0].Seq != 101 || got[2].Seq != 501 || j.First() != 101 {
		t.Fatalf("%v", texts(got))
	}
}

func TestTooLarge(t *testing.T) {
	j := open(t, "j", journal.Options{FS: crashfs.New()})
	long := strings.Repeat("x", 1<<16)
	for name, err := range map[string]error{
		"topic": j.Append(pub("t", protocol.QoS0, `[]`), pub(long, protocol.QoS0, `[]`)),
		"from":  j.Append(&protocol.Entry{From: long, Msg: protocol.NewPub("t", nil)}),
		"name":  j.PutState(long, []byte("x"), nil),
	} {
		if err != journal.ErrTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	if j.End() != 0 {
		t.Fatal("something was taken")
	}
}

// A Read with a match goes through a bounded stretch of the log; one without
// finds the next entry however far away it is.
func TestReadFarAhead(t *testing.T) {
	j := open(t, "j", journal.Options{FS: crashfs.New()})
	appendAll(t, j, pub("t", protocol.QoS0, `[]`))
	for range 40 {
		appendAll(t, j, pub("other", protocol.QoS0, strings.Repeat("1", 1<<20)))
	}
	for range 20 {
		if err := j.PutState("bob", make([]byte, 1<<20), nil); err != nil {
			t.Fatal(err)
		}
	}
	appendAll(t, j, pub("t", protocol.QoS0, `[]`))
	settle(t, j)
	if entries, next, err := j.Read(42, 1, nil); err != nil || len(entries) != 1 || next != 43 {
		t.Fatalf("%d entries, next %d, %v", len(entries), next, err)
	}
	match := func(topic string) bool { return topic == "t" }
	entries, next, err := j.Read(2, 10, match)
	if err != nil || len(entries) != 0 || next <= 2 || next >= 42 {
		t.Fatalf("%d entries, next %d, %v", len(entries), next, err)
	}
	if got := all(t, j, match); len(got) != 2 {
		t.Fatalf("%d entries", len(got))
	}
}

// TestReadComesOn: a Read gets on, however much lies between the place where it
// begins to look and the number that it was asked for.
func TestReadComesOn(t *testing.T) {
	policy, err := journal.NewPolicy([]journal.Rule{{Space: "off", Policy: journal.Off}})
	if err != nil {
		t.Fatal(err)
	}
	j := open(t, "j", journal.Options{FS: crashfs.New(), Policy: policy})
	large := protocol.NewPayload(protocol.CBOR, make([]byte, 20<<20))
	appendAll(t, j, &protocol.Entry{Msg: protocol.NewPub("t", large)})
	settle(t, j)
	for range 3 {
		appendAll(t, j, &protocol.Entry{Msg: protocol.NewPub("off", nil)})
		settle(t, j)
	}
	for from := uint64(2); from <= 4; from++ {
		entries, next, err := j.Read(from, 10, func(string) bool { return true })
		if len(entries) > 0 || next != 5 || err != nil {
			t.Errorf("from %d: %d entries, next %d, %v", from, len(entries), next, err)
		}
	}
}
