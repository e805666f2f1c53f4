package journal

import (
	"fmt"
	"slices"
	"sync"
)

// Damage is a range of a segment that holds no valid record.
type Damage struct {
	File   string // the segment's name in its directory
	Offset int64
	Bytes  int64
	After  uint64 // entries up to this one precede the range; 0: unknown
	Before uint64 // the first sequence number behind it; 0: the file ends there
	// Cut says that this is the end of a file that was not closed in order: what a
	// crash cut off. It was never durable, so nothing is lost.
	Cut bool
}

func (d Damage) String() string {
	what := "damaged"
	if d.Cut {
		what = "cut off"
	}
	s := fmt.Sprintf("%s: %d bytes %s at %d, after sequence %d", d.File, d.Bytes, what, d.Offset, d.After)
	if d.Before != 0 {
		s += fmt.Sprintf(", before %d", d.Before)
	}
	return s
}

// place completes what a scanner of s reports.
func (s *segment) place(d Damage) Damage {
	d.File = s.name()
	d.Cut = d.Before == 0 && !s.ended
	return d
}

// maxDamage bounds the list: a file that is noise has a range a record.
const maxDamage = 1000

// damages is the list of what was found, each range once. Safe for concurrent
// use.
type damages struct {
	mu   sync.Mutex
	list []Damage
	more int // ranges beyond maxDamage
}

// add reports whether d is new and had room in the list.
func (l *damages) add(d Damage) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	same := func(x Damage) bool { return x.File == d.File && x.Offset == d.Offset }
	if slices.ContainsFunc(l.list, same) {
		return false
	}
	if len(l.list) >= maxDamage {
		l.more++
		return false
	}
	l.list = append(l.list, d)
	return true
}

func (l *damages) all() []Damage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

// in reports whether a range of file is listed that is no cut tail.
func (l *damages) in(file string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.more > 0 || slices.ContainsFunc(l.list, func(d Damage) bool { return d.File == file && !d.Cut })
}

// lost counts the ranges that are no cut tail.
func (l *damages) lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.more
	for _, d := range l.list {
		if !d.Cut {
			n++
		}
	}
	return n
}

// Damage returns what was found damaged or cut off since Open, at the start and
// by readers: at most 1,000 ranges.
func (j *Journal) Damage() []Damage { return j.damage.all() }

func (j *Journal) damaged(d Damage) {
	if !j.damage.add(d) {
		return
	}
	if d.Cut {
		j.opts.Logger.Info("journal: the end of a file was cut off by a crash; it was never acknowledged", "range", d.String())
	} else {
		j.opts.Logger.Error("journal: damage; both sides are kept", "range", d.String())
	}
}
