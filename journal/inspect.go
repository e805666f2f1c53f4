package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/rembus-go/rembus/internal/vfs"
	"github.com/rembus-go/rembus/protocol"
)

// SegmentStat describes one file of a log.
type SegmentStat struct {
	File    string
	Bytes   int64     // up to the last valid record
	Created time.Time // by the clock of that moment; zero when unknown
	First   uint64    // the first and the last entry, 0 without any
	Last    uint64
	Entries uint64
	Topics  []string // in order of appearance; nil when there are more than 4,096
	Closed  bool     // in order; the newest of a running broker is not
}

// Stats describes a log.
type Stats struct {
	Segments []SegmentStat // in order
	Bytes    int64
	First    uint64 // the first and the last entry, 0 without any
	Last     uint64
	Entries  uint64
	States   int      // names that have a state: see [Journal.PutState]
	Damage   []Damage // found on the way; Cut ranges at the end of a running broker's file are what it is writing
}

// Stat describes the log in dir. It reads sidecars where they fit, takes no lock and
// writes nothing, so it may be used while a broker runs.
func Stat(dir string) (Stats, error) { return inspect(dir, &loader{}) }

// Verify goes through every byte of the log in dir and returns what Stat does.
// Damage holds every range that is no valid record. It takes no lock and writes
// nothing.
func Verify(dir string) (Stats, error) { return inspect(dir, &loader{whole: true}) }

func inspect(dir string, l *loader) (st Stats, err error) {
	l.report = func(d Damage) { st.Damage = append(st.Damage, d) }
	segs, err := snapshot(dir, l)
	for _, s := range segs {
		x := SegmentStat{
			File: s.name(), Bytes: s.size.Load(), First: s.first, Last: s.last, Entries: s.count,
			Topics: s.topics, Closed: s.ended,
		}
		if s.created != 0 {
			x.Created = time.Unix(0, s.created)
		}
		st.Segments = append(st.Segments, x)
		st.Bytes += x.Bytes
		st.Entries += x.Entries
		if x.Entries > 0 {
			if st.First == 0 {
				st.First = x.First
			}
			st.Last = x.Last
		}
	}
	if err == nil {
		var states map[string][]byte
		states, err = loadStates(segs)
		st.States = len(states)
	}
	if err != nil {
		return st, fmt.Errorf("journal %s: %w", dir, err)
	}
	return st, nil
}

// snapshot loads the segments of dir, but for those that a running broker
// removes meanwhile.
func snapshot(dir string, l *loader) (loaded []*segment, err error) {
	segs, err := list(vfs.OS{}, dir)
	if err != nil {
		return nil, err
	}
	if err := checkVersions(segs); err != nil {
		return nil, err
	}
	var prev *segment
	for i, s := range segs {
		_, err := l.load(s, prev, i == len(segs)-1)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return loaded, err
		}
		loaded, prev = append(loaded, s), s
	}
	return loaded, nil
}

// Filter chooses entries for [Dump]. Zero fields choose all.
type Filter struct {
	Match        func(topic string) bool
	From, To     uint64    // sequence numbers, both included
	Since, Until time.Time // when the broker received them; Until is not included
}

func (f Filter) takes(e *protocol.Entry) bool {
	return (f.Since.IsZero() || e.Time >= f.Since.UnixNano()) && (f.Until.IsZero() || e.Time < f.Until.UnixNano())
}

// Dump calls fn with the chosen entries of the log in dir, in order, until fn fails.
// It takes no lock and writes nothing; of a running broker's log it gives what is in
// the files, which may not be durable yet. Damaged ranges are left out: see
// [Verify].
func Dump(dir string, filter Filter, fn func(*protocol.Entry) error) error {
	segs, err := snapshot(dir, &loader{report: func(Damage) {}})
	if err != nil {
		return fmt.Errorf("journal %s: %w", dir, err)
	}
	l := log{segments: segs, report: func(Damage) {}}
	for _, s := range segs {
		l.durable = max(l.durable, s.maxSeq)
	}
	if filter.To != 0 {
		l.durable = min(l.durable, filter.To)
	}
	for from := filter.From; from <= l.durable; {
		entries, next, err := l.read(from, 1000, filter.Match)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !filter.takes(e) {
				continue
			}
			if err := fn(e); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}
