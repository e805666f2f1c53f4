package main

import "time"

// lag measures for how long a reader has been behind the end of a log, from where
// both stood at earlier looks: by the monotonic clock, without reading the log.
type lag struct {
	marks []mark        // ends not reached yet, oldest first
	every time.Duration // the least time between two
}

type mark struct {
	seq  uint64
	seen time.Time
}

const (
	markEvery = 500 * time.Millisecond
	maxMarks  = 256 // then every second one goes, and they come half as often: a reader may be behind for ever
)

// measure takes where log and reader stand now. It returns how long ago the end was
// first seen where the reader has not come yet; the error is at most the time between looks,
// and a part of the lag when that grew very long.
func (l *lag) measure(now time.Time, end, position uint64) time.Duration {
	reached := 0
	for reached < len(l.marks) && l.marks[reached].seq <= position {
		reached++
	}
	l.marks = append(l.marks[:0], l.marks[reached:]...)
	if len(l.marks) == 0 {
		l.every = markEvery
	}
	if n := len(l.marks); end > position && (n == 0 || end > l.marks[n-1].seq && now.Sub(l.marks[n-1].seen) >= l.every) {
		l.marks = append(l.marks, mark{end, now})
	}
	if len(l.marks) > maxMarks {
		for i := range maxMarks / 2 {
			l.marks[i] = l.marks[2*i]
		}
		l.marks = l.marks[:maxMarks/2]
		l.every *= 2
	}
	if len(l.marks) == 0 {
		return 0
	}
	return now.Sub(l.marks[0].seen)
}
