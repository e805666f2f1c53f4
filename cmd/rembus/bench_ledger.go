package main

import (
	"slices"
	"sort"
)

// ledger says which of a publisher's messages, numbered from 0, have arrived. Its size is
// bounded: where it cannot keep a gap, the messages of it are lost for good.
type ledger struct {
	next  uint64 // above all that arrived
	gaps  []span // what is missing below next, in order
	given uint64 // messages of gaps that were given up
}

// span is the numbers from first to below end.
type span struct{ first, end uint64 }

// maxGaps bounds a ledger. In order, as brokers deliver, there is none.
const maxGaps = 1024

// arrive notes a message; fresh is false if it has arrived before.
func (l *ledger) arrive(number uint64) (fresh bool) {
	if number >= l.next {
		if number > l.next {
			l.open(span{l.next, number})
		}
		l.next = number + 1
		return true
	}
	i := sort.Search(len(l.gaps), func(i int) bool { return l.gaps[i].end > number })
	if i == len(l.gaps) || number < l.gaps[i].first {
		return false
	}
	g := l.gaps[i]
	switch {
	case g.first+1 == g.end:
		l.gaps = slices.Delete(l.gaps, i, i+1)
	case number == g.first:
		l.gaps[i].first++
	case number+1 == g.end:
		l.gaps[i].end--
	default:
		l.gaps[i].end = number
		l.gaps = slices.Insert(l.gaps, i+1, span{number + 1, g.end})
		l.bound()
	}
	return true
}

func (l *ledger) open(g span) {
	l.gaps = append(l.gaps, g)
	l.bound()
}

// bound gives up the oldest gap when there are too many.
func (l *ledger) bound() {
	if len(l.gaps) > maxGaps {
		l.given += l.gaps[0].end - l.gaps[0].first
		l.gaps = slices.Delete(l.gaps, 0, 1)
	}
}

// lost is how many of the messages below sent did not arrive, leaving out those in
// excused, which is sorted.
func (l *ledger) lost(sent uint64, excused []uint64) uint64 {
	n := l.given
	count := func(g span) {
		from, _ := slices.BinarySearch(excused, g.first)
		to, _ := slices.BinarySearch(excused, g.end)
		n += g.end - g.first - uint64(to-from)
	}
	for _, g := range l.gaps {
		count(g)
	}
	if l.next < sent {
		count(span{l.next, sent})
	}
	return n
}
