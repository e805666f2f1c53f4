package journal

import (
	"slices"

	"github.com/rembus-go/rembus/protocol"
)

const (
	sharedBytes = 32 << 10  // data from this size on is not copied
	writeBytes  = 512 << 10 // of one write: many kernels let nothing else run meanwhile
)

// batch is what is written and fsynced together: records without mark and
// checksums, which the committer adds off the publishers' lock.
type batch struct {
	pieces [][]byte // complete; data that is shared is a piece of its own
	open   []byte   // the piece being filled, part of the last chunk
	chunks []*chunk // the memory of the pieces that are not shared
	bytes  int64
	first  uint64 // the first entry that is stored, 0 without any
	last   uint64 // the last sequence number given, 0 without any
	stored uint64 // the seq of the last record
	done   []func(error)
	sealed bool
}

func (b *batch) empty() bool { return b.bytes == 0 && b.last == 0 }

// reserve returns n bytes behind what is there, in one piece.
func (b *batch) reserve(n int) []byte {
	if cap(b.open)-len(b.open) < n {
		b.cut()
		c := chunks.get()
		b.chunks = append(b.chunks, c)
		b.open = c[:0]
	}
	at := len(b.open)
	b.open = b.open[:at+n]
	return b.open[at:]
}

// cut ends the open piece.
func (b *batch) cut() {
	if n := len(b.open); n > 0 {
		b.pieces = append(b.pieces, b.open)
		b.open = b.open[n:]
	}
}

// add takes a record: its head with from, id (or nothing), topic and origin, and data.
// shared says that data never changes, so that it may be kept.
func (b *batch) add(r *record, from string, id protocol.ID, topic string, data []byte, shared bool) {
	n := r.head()
	shared = shared && len(data) >= sharedBytes
	if !shared && r.length > chunkBytes {
		data, shared = append([]byte(nil), data...), true
	}
	if !shared {
		n = r.length
	}
	p := b.reserve(n)
	r.put(p)
	p = p[recordSize:]
	p = p[copy(p, from):]
	if r.id > 0 {
		id.AppendBytes(p[:0])
		p = p[r.id:]
	}
	p = p[copy(p, topic):]
	if r.flags&flagOrigin != 0 {
		le.PutUint64(p, uint64(r.origin))
		p = p[originSize:]
	}
	if shared {
		b.cut()
		b.pieces = append(b.pieces, data)
	} else {
		copy(p, data)
	}
	b.bytes += int64(r.length)
	b.stored = r.seq
}

// walk calls fn with each record, its head and its data, in order.
func (b *batch) walk(fn func(r *record, head, data []byte)) {
	b.cut()
	for i := 0; i < len(b.pieces); i++ {
		piece := b.pieces[i]
		var r record
		for len(piece) > 0 {
			r.parse(piece)
			head, rest := piece[:r.head()], piece[r.head():]
			if len(rest) < r.data() { // the data is the next piece, and this one ends here
				i++
				fn(&r, head, b.pieces[i])
				break
			}
			fn(&r, head, rest[:r.data()])
			piece = rest[r.data():]
		}
	}
}

// seal completes all records for the file with this mark. Once.
func (b *batch) seal(mark uint32) {
	if b.sealed {
		return
	}
	b.sealed = true
	b.walk(func(_ *record, head, data []byte) { seal(head, data, mark) })
}

// writeTo writes all at offset.
func (b *batch) writeTo(f File, offset int64) error {
	for _, p := range b.pieces {
		for part := range slices.Chunk(p, writeBytes) {
			if _, err := f.WriteAt(part, offset); err != nil {
				return err
			}
			offset += int64(len(part))
		}
	}
	return nil
}

// reset gives the memory back and makes b empty.
func (b *batch) reset() {
	for i, c := range b.chunks {
		chunks.put(c)
		b.chunks[i] = nil
	}
	clear(b.pieces)
	clear(b.done)
	*b = batch{pieces: b.pieces[:0], chunks: b.chunks[:0], done: b.done[:0]}
}

// mark adds a record that says that all numbers up to seq were given.
func (b *batch) mark(seq uint64) { b.own(recMark, seq, 0) }

// own adds one of the journal's own records.
func (b *batch) own(kind uint8, seq uint64, time int64) {
	r := record{length: recordSize, kind: kind, seq: seq, time: time}
	b.add(&r, "", protocol.ID{}, "", nil, false)
}

// state adds the state of a twin.
func (b *batch) state(name string, state []byte, seq uint64, time int64) {
	r := record{kind: recState, seq: seq, time: time, from: len(name)}
	if state == nil {
		r.kind = recGone
	}
	r.length = r.head() + len(state)
	b.add(&r, name, protocol.ID{}, "", state, false)
}
