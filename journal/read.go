package journal

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"sort"
	"sync"

	"github.com/rembus-go/rembus/protocol"
)

const (
	readBytes  = 1 << 20  // what one Read returns, about
	scanLimit  = 16 << 20 // what one Read goes through, about
	cellsAhead = 64       // entries allocated together
)

// Read returns entries with from <= Seq <= Durable() whose topic match accepts (nil:
// all), in order, at most max and about 1 MiB but at least one, and the sequence
// number to go on from: everything below next was returned, did not match, was not
// stored or is no longer kept. next is Durable()+1 when the reader is level with the
// log. With a match one Read goes through about 16 MiB of log, to stay
// interruptible; so it may return nothing while next is still below the end. match
// is called without any lock, about once for each topic. The entries share memory
// with each other, with nothing else. The error is that of a file which could not be
// read; next is where it was.
func (j *Journal) Read(from uint64, max int, match func(topic string) bool) (entries []*protocol.Entry, next uint64, err error) {
	durable := j.durable.Load() // before the segments, which hold it then
	l := log{segments: *j.segments.Load(), durable: durable, report: j.damaged}
	return l.read(from, max, match)
}

// log is what a Read looks at.
type log struct {
	segments []*segment
	durable  uint64
	report   func(Damage)
}

func (l log) read(from uint64, limit int, match func(string) bool) ([]*protocol.Entry, uint64, error) {
	if from > l.durable {
		return nil, from, nil
	}
	r := readers.Get().(*reader)
	defer r.free()
	r.begin(from, l.durable, limit, match)
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].base > from })
	for _, s := range l.segments[max(0, i-1):] {
		if s.base > l.durable {
			break
		}
		r.reach(s.base)
		if !s.holds(match) {
			continue
		}
		if err := l.readSegment(r, s); err != nil {
			return r.entries, r.next, fmt.Errorf("journal: %w", err)
		}
		if r.full() {
			return r.entries, r.next, nil
		}
	}
	return r.entries, l.durable + 1, nil
}

// readSegment reads on in s. A file that retention has removed holds nothing.
func (l log) readSegment(r *reader, s *segment) (err error) {
	f, err := s.acquire()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.release()) }()
	sc := newScanner(f, s.mark, s.find(r.next), s.size.Load())
	defer sc.release()
	sc.gap = func(d Damage) { l.report(s.place(d)) }
	return r.scan(sc)
}

// slot remembers a topic, and what match said of it in this Read.
type slot struct {
	topic string
	round uint64
	ok    bool
}

// cell is an entry with its message, allocated together.
type cell struct {
	entry protocol.Entry
	msg   protocol.Message
}

// reader is what one Read needs. Pooled, because the slots save allocations from
// Read to Read: a topic is the same string in all entries.
type reader struct {
	slots [512]slot
	seed  maphash.Seed
	round uint64

	next, durable uint64
	left          int
	match         func(topic string) bool
	entries       []*protocol.Entry
	bytes         int   // returned
	passed        int64 // gone through
	cells         []cell
	space         []byte
}

var readers = sync.Pool{New: func() any { return &reader{seed: maphash.MakeSeed()} }}

func (r *reader) begin(from, durable uint64, n int, match func(string) bool) {
	r.round++
	r.next, r.durable, r.left, r.match = from, durable, max(n, 1), match
	r.bytes, r.passed = 0, 0
}

func (r *reader) free() {
	r.match, r.entries, r.cells, r.space = nil, nil, nil, nil
	readers.Put(r)
}

func (r *reader) full() bool {
	return r.left == 0 || r.bytes >= readBytes || r.passed >= scanLimit && r.match != nil
}

// scan takes entries from s until it ends or the reader is full.
func (r *reader) scan(s *scanner) error {
	for !r.full() {
		rec, ok := s.next()
		if !ok {
			break
		}
		if rec.seq < r.next || !rec.isEntry() && rec.kind != recMark {
			continue // not counted: a Read that comes back must have come on
		}
		if rec.seq > r.durable {
			break
		}
		r.passed += int64(rec.length)
		if rec.kind == recMark {
			r.next = rec.seq + 1
			continue
		}
		sl := r.slot(rec.topicIn(rec.names))
		if !sl.ok {
			r.next = rec.seq + 1
			continue
		}
		data, own, ok := s.data(&rec)
		if s.err != nil {
			break
		}
		r.next = rec.seq + 1
		if ok {
			r.take(&rec, sl.topic, data, own)
		}
	}
	return s.err
}

// slot returns the slot of topic, asked in this round.
func (r *reader) slot(topic []byte) *slot {
	s := &r.slots[maphash.Bytes(r.seed, topic)%uint64(len(r.slots))]
	if s.topic != string(topic) {
		s.topic, s.round = string(topic), 0
	}
	if s.round != r.round {
		s.round, s.ok = r.round, r.match == nil || r.match(s.topic)
	}
	return s
}

// take adds the entry of rec.
func (r *reader) take(rec *record, topic string, data []byte, own bool) {
	if len(r.cells) == 0 {
		r.cells = make([]cell, min(cellsAhead, r.left))
	}
	c := &r.cells[0]
	r.cells = r.cells[1:]
	if !own {
		data = r.keep(data)
	}
	if !rec.message(&c.msg, topic, data) {
		return
	}
	c.entry = protocol.Entry{
		Seq: rec.seq, Time: rec.time, Kind: protocol.EntryKind(rec.kind - recPub),
		From: r.name(rec.names[:rec.from]), Msg: &c.msg,
	}
	r.entries = append(r.entries, &c.entry)
	r.left--
	r.bytes += rec.length
}

// keep copies b to memory that the entries of this Read share.
func (r *reader) keep(b []byte) []byte {
	if len(b) > cap(r.space)-len(r.space) {
		if len(b) > sharedBytes {
			return append([]byte(nil), b...)
		}
		r.space = make([]byte, 0, min(max(4<<10, 2*cap(r.space), len(b)), readBytes/4))
	}
	at := len(r.space)
	r.space = append(r.space, b...)
	return r.space[at:len(r.space):len(r.space)]
}

// name returns the publisher's name as a string, the same one again if it can.
func (r *reader) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	s := &r.slots[maphash.Bytes(r.seed, b)%uint64(len(r.slots))]
	if s.topic != string(b) {
		s.topic, s.round = string(b), 0
	}
	return s.topic
}

// reach moves on to seq: nothing below it is left.
func (r *reader) reach(seq uint64) { r.next = max(r.next, seq) }
