package journal

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/rembus-go/rembus/internal/pieces"
)

const scanBytes = 256 << 10 // the scanner's buffer; every head fits in it

var scanBuffers = sync.Pool{New: func() any { return new([scanBytes]byte) }}

// scanner goes through the records of a stretch of a segment, and around damage.
// Every byte may be hostile: no length is believed before its checksum is
// right, none reaches beyond the stretch.
type scanner struct {
	f    io.ReaderAt
	mark uint32
	off  int64 // of the next record
	end  int64 // where the bytes end
	last int64 // where they should end
	// gap, if set, is told of each range that holds no valid record. File and Cut
	// are the caller's to fill in.
	gap   func(Damage)
	after uint64 // the highest seq so far
	err   error  // what ended the scan: an error of reading, not of content

	space *[scanBytes]byte
	buf   []byte // what is buffered, a prefix of space
	at    int64  // its place in the file
	ahead int    // how much to read at once
}

// newScanner returns a scanner for the records in [off, end). Release it.
func newScanner(f io.ReaderAt, mark uint32, off, end int64) *scanner {
	return &scanner{f: f, mark: mark, off: off, end: end, last: end, space: scanBuffers.Get().(*[scanBytes]byte), ahead: scanBytes / 8}
}

// release gives the buffer back. What next and data returned is invalid then.
func (s *scanner) release() {
	scanBuffers.Put(s.space)
	s.space, s.buf = nil, nil
}

// window returns the bytes at off, at least n unless the stretch ends before.
func (s *scanner) window(off int64, n int) []byte {
	n = int(min(int64(n), s.end-off))
	if off < s.at || off+int64(n) > s.at+int64(len(s.buf)) {
		want := min(int64(max(n, s.ahead)), s.end-off)
		s.ahead = scanBytes
		got, err := s.f.ReadAt(s.space[:want], off)
		s.buf, s.at = s.space[:got], off
		if got < n {
			s.end = off + int64(got) // shorter than it was said to be
			if err != nil && !errors.Is(err, io.EOF) {
				s.err = err
			}
		}
	}
	return s.buf[off-s.at:]
}

// head returns the record at off, if there is a valid one: its head's checksum
// is right and all of it lies in the stretch. Its data may still be damaged.
func (s *scanner) head(off int64) (r record, ok bool) {
	b := s.window(off, recordSize)
	if len(b) < recordSize || le.Uint32(b) != s.mark {
		return r, false
	}
	r.parse(b)
	n := r.head()
	if r.length < n || int64(r.length) > s.end-off || r.seq > lastSeq {
		return r, false
	}
	if len(b) < n {
		if b = s.window(off, n); len(b) < n {
			return r, false
		}
	}
	if le.Uint32(b[4:]) != headCRC(b[:n], s.mark) {
		return r, false
	}
	r.offset, r.names = off, b[recordSize:n]
	return r, true
}

// next returns the next record with a valid head, ok false at the end or after
// an error.
func (s *scanner) next() (r record, ok bool) {
	start := s.off
	for s.err == nil && s.off < s.end {
		if r, ok = s.head(s.off); ok {
			if s.off > start {
				before := r.seq
				if !r.isEntry() {
					before++ // it follows the entry of its seq
				}
				s.report(start, s.off, s.after, before)
			}
			s.off += int64(r.length)
			s.after = max(s.after, r.seq)
			return r, true
		}
		s.seek()
	}
	if s.err == nil && start < s.last {
		s.report(start, s.last, s.after, 0)
	}
	s.off = s.last
	return record{}, false
}

func (s *scanner) report(from, to int64, after, before uint64) {
	if s.gap != nil {
		s.gap(Damage{Offset: from, Bytes: to - from, After: after, Before: before})
	}
}

// seek moves off forward to the next place where the mark stands, or the end.
func (s *scanner) seek() {
	var mark [4]byte
	le.PutUint32(mark[:], s.mark)
	s.off++
	for s.err == nil && s.off < s.end {
		b := s.window(s.off, len(mark))
		if len(b) == 0 {
			return
		}
		if i := bytes.Index(b, mark[:]); i >= 0 {
			s.off += int64(i)
			return
		}
		s.off += int64(max(1, len(b)-len(mark)+1))
	}
}

// data returns the data of r, the record that next returned last. It is shared with
// the scanner's buffer, as r's names are, unless own. ok is false when the data is
// damaged, which was then reported, or cannot be read.
func (s *scanner) data(r *record) (data []byte, own, ok bool) {
	if r.length <= scanBytes {
		b := s.window(r.offset, r.length)
		if b = b[:min(r.length, len(b))]; len(b) == r.length {
			r.names, data = b[recordSize:r.head()], b[r.head():]
		}
	} else {
		data, own = make([]byte, r.data()), true
		n, err := s.f.ReadAt(data, r.offset+int64(r.head()))
		if data = data[:n]; n < r.data() && !errors.Is(err, io.EOF) {
			s.err = err
		}
	}
	if s.err != nil {
		return nil, own, false
	}
	if len(data) == r.data() && pieces.Checksum(data, castagnoli) == r.dataCRC {
		return data, own, true
	}
	after := r.seq
	if r.isEntry() {
		after--
	}
	s.report(r.offset, s.off, after, r.seq+1)
	return nil, own, false
}
