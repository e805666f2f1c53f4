package journal

import (
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	segmentExt  = ".seg"
	sidecarExt  = ".idx"
	indexBytes  = 32 << 10 // between two points of the index
	maxTopics   = 4096     // of a segment's list; with more it is not skipped
	maxNameSize = 12
)

// point says that the entry seq stands at offset.
type point struct {
	_      struct{} `cbor:",toarray"`
	Seq    uint64
	Offset int64
}

// segment is one file of the log. Sealed segments do not change; the active one
// is changed by the committer, who publishes by size.
type segment struct {
	fileHead
	fs    FS
	path  string
	num   uint64
	size  atomic.Int64 // the end of what is durable; 0 when there is no head
	bytes int64        // of the file, once sealed

	snapshot bool  // holds a whole snapshot of the states
	ended    bool  // was closed in order
	closed   int64 // the age clock when it was sealed
	maxSeq   uint64

	mu     sync.RWMutex // protects following
	f      File         // open while refs > 0
	refs   int
	points []point
	topics []string // a prefix never changes
	many   bool     // too many topics for the list
	first  uint64   // entry, 0 without any
	last   uint64
	count  uint64
}

func segmentName(num uint64) string {
	s := strconv.FormatUint(num, 10)
	return strings.Repeat("0", max(0, maxNameSize-len(s))) + s + segmentExt
}

// segmentNum parses what segmentName made.
func segmentNum(name string) (num uint64, ok bool) {
	base, ok := strings.CutSuffix(name, segmentExt)
	if !ok {
		return 0, false
	}
	num, err := strconv.ParseUint(base, 10, 64)
	return num, err == nil && segmentName(num) == name
}

func (s *segment) name() string { return filepath.Base(s.path) }

func (s *segment) sidecar() string { return strings.TrimSuffix(s.path, segmentExt) + sidecarExt }

// acquire opens the file for reading, shared by all who read it now.
func (s *segment) acquire() (File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refs == 0 {
		f, err := s.fs.OpenFile(s.path, os.O_RDONLY)
		if err != nil {
			return nil, err
		}
		s.f = f
	}
	s.refs++
	return s.f, nil
}

func (s *segment) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refs--; s.refs > 0 {
		return nil
	}
	f := s.f
	s.f = nil
	return f.Close()
}

// find returns an offset at or before the entry seq, which lies in the segment.
func (s *segment) find(seq uint64) int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := sort.Search(len(s.points), func(i int) bool { return s.points[i].Seq > seq })
	if i == 0 {
		return fileHeadSize
	}
	return s.points[i-1].Offset
}

// holds reports whether the segment may have an entry whose topic match accepts.
func (s *segment) holds(match func(topic string) bool) bool {
	s.mu.RLock()
	topics, many, last := s.topics, s.many, s.last
	s.mu.RUnlock()
	if last == 0 {
		return false
	}
	if many || match == nil {
		return true
	}
	for _, t := range topics {
		if match(t) {
			return true
		}
	}
	return false
}

// span returns the first and the last entry, 0 without any.
func (s *segment) span() (first, last, count uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.first, s.last, s.count
}

// indexer fills the index of a segment from its records, in order.
type indexer struct {
	seg  *segment
	seen map[string]string // the topics in the list; nil once there are too many
	last string            // topic
	next int64             // where the next point is due
}

func newIndexer(s *segment) *indexer { return &indexer{seg: s, seen: make(map[string]string)} }

// add takes note of r at offset; names are its from, id and topic.
func (x *indexer) add(r *record, offset int64, names []byte) {
	s := x.seg
	s.maxSeq = max(s.maxSeq, r.seq)
	switch {
	case r.kind == recSnap:
		s.snapshot = true
	case r.kind == recEnd:
		s.ended, s.closed = true, min(max(r.time, s.clock), lastClock)
	}
	if !r.isEntry() {
		return
	}
	s.count++
	if s.first == 0 {
		s.first = r.seq
	}
	s.last = r.seq
	if offset >= x.next {
		s.points = append(s.points, point{Seq: r.seq, Offset: offset})
		x.next = offset + indexBytes
	}
	if topic := r.topicIn(names); string(topic) != x.last || s.count == 1 {
		x.topic(topic)
	}
}

func (x *indexer) topic(topic []byte) {
	if x.seg.many {
		return
	}
	if known, ok := x.seen[string(topic)]; ok {
		x.last = known
		return
	}
	if len(x.seen) == maxTopics {
		x.seen, x.seg.topics, x.seg.many = nil, nil, true
		return
	}
	x.last = string(topic)
	x.seen[x.last] = x.last
	x.seg.topics = append(x.seg.topics, x.last)
}
