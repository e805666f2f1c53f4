package server_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// disk is a journal on a file system that can lose what was not synced.
type disk struct {
	fs  *crashfs.FS
	log *journal.Journal
}

func (d *disk) open(t *rapid.T) (server.Log, func()) {
	log, err := journal.Open("journal", journal.Options{FS: d.fs, SegmentBytes: rapid.SampledFrom([]int64{4 << 10, 1 << 20}).Draw(t, "segment")})
	if err != nil {
		t.Fatal(err)
	}
	d.log = log
	return log, func() { _ = log.Close(context.Background()) }
}

// crash ends the process: the power goes too, or only the process.
func (d *disk) crash(t *rapid.T) {
	if !rapid.Bool().Draw(t, "power") {
		d.fs = d.fs.Kill()
		return
	}
	seed := rapid.Uint64().Draw(t, "seed")
	d.fs = d.fs.Crash(rand.New(rand.NewPCG(seed, 0)).IntN)
}

// allAway ends all connections.
func (w *world) allAway() {
	for _, c := range w.all() {
		if c.conn == nil {
			continue
		}
		c.disconnect()
		if c != w.anon {
			*w.stands[c.name] = standing{}
		}
	}
}

// restart ends the broker in order and begins another one over its log.
func (w *world) restart() {
	w.t.Logf("» restart")
	w.stop()
	for _, c := range w.all() {
		if c != w.anon {
			w.lose(c)
			*w.stands[c.name] = standing{}
		}
	}
	w.forgetMarks()
	w.start()
}

// forgetMarks notes that a broker does not know where subscriptions stood that
// were removed before it began.
func (w *world) forgetMarks() {
	for _, name := range modelNames {
		for _, x := range w.expects[name] {
			x.loose = x.loose || x.before
		}
	}
}

// crash lets the broker die while c publishes, and begins another one over what
// the disk still holds. Named publishers repeat then what they have no ACK of, if
// that is QoS2: it must be one message (fault 9).
func (w *world) crash(t *rapid.T, d *disk) {
	c := w.publisher(t)
	from := len(w.log)
	ms := w.draft(t, c)
	foreseen := w.foresee(from)
	sure := 0
	for _, m := range ms {
		if m.QoS != protocol.QoS0 {
			sure++
		}
	}
	wait := rapid.IntRange(0, sure).Draw(t, "ACKs before")
	k := c.conn
	c.set(func() { k.send(ms...) })
	c.set(func() { c.waitLocked(func() bool { return len(k.answers) >= wait }) })
	w.t.Logf("» crash after %d ACKs of %q", wait, c.name)
	d.crash(t)
	w.allAway()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_ = w.srv.Close(gone)
	_ = d.log.Close(gone)
	w.endLog()

	var repeat []*protocol.Message
	for i, m := range ms {
		r := k.answers[m.ID]
		acked := m.QoS != protocol.QoS0 && r != nil && r.Type == protocol.Ack
		again := !acked && m.QoS == protocol.QoS2 && c != w.anon
		if again {
			repeat = append(repeat, m)
		}
		w.log[from+i].doubt = !acked && !again
		for x, list := range foreseen {
			if !acked && list[i] == must && !(again && forever(x.from)) {
				list[i] = may
			}
		}
	}
	for _, s := range w.log {
		s.doubt = s.doubt || s.qos == protocol.QoS0
	}
	w.settle(from, foreseen)
	w.uncertain()
	w.forgetMarks()
	w.start()
	if len(repeat) > 0 {
		w.connect(c)
		w.publish(c, repeat)
	}
}

// uncertain notes what a broker does not know after a crash: QoS0 that was not on
// disk, that a component had left, and its latest ACKs.
func (w *world) uncertain() {
	for _, name := range modelNames {
		w.clients[name].forgets = true
		w.lose(w.clients[name])
		for _, x := range w.expects[name] {
			for _, s := range w.log {
				if s.from != name && x.subscribed && x.matches(s) && x.due[s.n] == never {
					x.due[s.n] = may
				}
			}
		}
	}
}

// TestModelWithCrashes is TestModel over a journal, with ends of the broker in
// order, by a kill and by a power loss (faults 1, 2, 9, 11).
func TestModelWithCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &disk{fs: crashfs.New()}
		w := newWorld(t, d)
		defer func() { w.stop() }()
		actions := w.actions()
		actions["restart"] = func(*rapid.T) { w.restart() }
		actions["crash"] = func(t *rapid.T) { w.crash(t, d) }
		t.Repeat(actions)
		w.finish()
	})
}
