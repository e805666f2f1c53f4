package journal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// model is the dumb counterpart of a journal: everything that was ever
// appended, and what of it has to be there.
type model struct {
	t       *rapid.T
	fs      *crashfs.FS
	opts    journal.Options
	j       *journal.Journal
	log     []item // in order
	durable int    // so many of log must be there
	given   uint64 // the highest number whose loss would show: what was durable
}

// item is an entry or, with name, a state.
type item struct {
	seq   uint64
	text  string
	name  string
	state []byte
}

func (m *model) start() {
	var err error
	if m.j, err = journal.Open("j", m.opts); err != nil {
		m.t.Fatal(err)
	}
	m.check()
}

func (m *model) append() {
	n := rapid.IntRange(1, 5).Draw(m.t, "entries")
	for range n {
		topic := rapid.SampledFrom([]string{"all/a", "all/b", "durable", "off"}).Draw(m.t, "topic")
		qos := protocol.QoS(rapid.IntRange(0, 2).Draw(m.t, "qos"))
		size := rapid.SampledFrom([]int{0, 10, 100, 300, 3000, 40000, 300000}).Draw(m.t, "size")
		e := pub(topic, qos, strings.Repeat("x", size))
		end := m.j.End()
		if err := m.j.Append(e); err != nil {
			m.t.Fatal(err)
		}
		if e.Seq != end+1 || e.Seq <= m.given {
			m.t.Fatalf("number %d after %d; %d was durable", e.Seq, end, m.given)
		}
		stored := topic != "off" && (topic != "durable" || qos != protocol.QoS0)
		it := item{seq: e.Seq}
		if stored {
			it.text = text(e)
		}
		m.log = append(m.log, it)
	}
}

func (m *model) putState() {
	name := rapid.SampledFrom([]string{"alice", "bob", "carol"}).Draw(m.t, "name")
	var state []byte
	if rapid.IntRange(0, 3).Draw(m.t, "put") > 0 {
		state = fmt.Appendf(nil, "state %d", len(m.log))
	}
	if err := m.j.PutState(name, state, nil); err != nil {
		m.t.Fatal(err)
	}
	m.log = append(m.log, item{seq: m.j.End(), name: name, state: state})
}

func (m *model) sync() {
	done := make(chan error, 1)
	if err := m.j.PutState("sync", []byte("x"), func(err error) { done <- err }); err != nil {
		m.t.Fatal(err)
	}
	m.log = append(m.log, item{seq: m.j.End(), name: "sync", state: []byte("x")})
	m.j.Commit()
	if err := <-done; err != nil {
		m.t.Fatal(err)
	}
	m.durable, m.given = len(m.log), m.j.End()
	if m.j.Durable() != m.given {
		m.t.Fatalf("durable %d, want %d", m.j.Durable(), m.given)
	}
	m.check()
}

func (m *model) close() {
	if err := m.j.Close(context.Background()); err != nil {
		m.t.Fatal(err)
	}
	m.durable, m.given = len(m.log), max(m.given, m.j.End())
	m.start()
}

func (m *model) crash() {
	m.given = max(m.given, m.j.Durable())
	for m.durable < len(m.log) && m.log[m.durable].seq <= m.j.Durable() && m.log[m.durable].name == "" {
		m.durable++
	}
	if rapid.Bool().Draw(m.t, "power") {
		seed := rapid.Uint64().Draw(m.t, "seed")
		m.fs = m.fs.Crash(rand.New(rand.NewPCG(seed, 0)).IntN)
	} else {
		m.fs = m.fs.Kill()
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	m.j.Close(gone)
	m.j.Close(context.Background()) // only to end its goroutines
	m.opts.FS = m.fs
	m.start()
}

// check compares with what is durable now; what is there of the rest stays in
// the model.
func (m *model) check() {
	got := map[uint64]string{}
	var order []uint64
	durable, end := m.j.Durable(), m.j.End() // what comes later may be read or not
	for from := uint64(0); from <= durable; {
		entries, next, err := m.j.Read(from, 10, nil)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range entries {
			got[e.Seq] = text(e)
			order = append(order, e.Seq)
		}
		from = next
	}
	if !slices.IsSorted(order) || len(got) != len(order) {
		m.t.Fatalf("order %v", order)
	}
	var kept []item
	for i, it := range m.log {
		here, ok := got[it.seq]
		switch {
		case it.name != "" || it.text == "":
			kept = append(kept, it) // not in what Read returns
		case ok && here == it.text:
			kept = append(kept, it)
			delete(got, it.seq)
		case i < m.durable:
			m.t.Fatalf("durable entry %.80s is lost; there is %.80s", it.text, here)
		case it.seq > durable && it.seq <= end:
			kept = append(kept, it) // still pending
		}
	}
	if len(got) > 0 {
		m.t.Fatalf("entries that nobody appended: %d", len(got))
	}
	m.log = kept
	m.durable = min(m.durable, len(m.log))
	if end < m.given {
		m.t.Fatalf("the log ends at %d, %d was durable", end, m.given)
	}
}

// checkStates, after a start: each twin has its latest durable state or a later
// one.
func (m *model) checkStates() {
	found := map[string]string{}
	err := m.j.States(func(name string, state []byte) error {
		found[name] = string(state)
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, name := range []string{"alice", "bob", "carol"} {
		allowed := []string{""}
		for i, it := range m.log {
			if it.name != name {
				continue
			}
			if i < m.durable {
				allowed = allowed[:0]
			}
			allowed = append(allowed, string(it.state))
		}
		if !slices.Contains(allowed, found[name]) {
			m.t.Fatalf("state of %s is %q, allowed are %q", name, found[name], allowed)
		}
	}
	// from now on these are the states
	m.log = slices.DeleteFunc(m.log, func(it item) bool { return it.name != "" })
	for name, state := range found {
		m.log = append(m.log, item{seq: m.j.End(), name: name, state: []byte(state)})
	}
	m.durable = len(m.log)
	m.given = max(m.given, m.j.Durable())
}

// Faults 1 and 2: whatever the order of appends, commits, kills and power
// losses, what was durable is there, in order, and no number is given twice.
func TestModel(t *testing.T) {
	policy, err := journal.NewPolicy([]journal.Rule{{Space: "durable", Policy: journal.Durable}, {Space: "off", Policy: journal.Off}})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := &model{t: t, fs: crashfs.New()}
		m.opts = journal.Options{FS: m.fs, SegmentBytes: rapid.SampledFrom([]int64{4 << 10, 64 << 10, 1 << 20}).Draw(t, "segment"), Policy: policy}
		m.start()
		defer func() { m.j.Close(context.Background()) }()
		t.Repeat(map[string]func(*rapid.T){
			"append": func(*rapid.T) { m.append() },
			"state":  func(*rapid.T) { m.putState() },
			"commit": func(*rapid.T) { m.j.Commit() },
			"sync":   func(*rapid.T) { m.sync() },
			"close":  func(*rapid.T) { m.close(); m.checkStates() },
			"crash":  func(*rapid.T) { m.crash(); m.checkStates() },
		})
	})
}
