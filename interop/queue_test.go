package interop

import (
	"sync"
	"time"
)

// queue holds events until a test asks for them.
type queue struct {
	filled chan struct{} // holds a token when events may not be empty

	mu     sync.Mutex // Protects following
	events []report
}

func (q *queue) put(e report) {
	q.mu.Lock()
	q.events = append(q.events, e)
	q.mu.Unlock()
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

func (q *queue) take() (report, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		return report{}, false
	}
	e := q.events[0]
	q.events = q.events[1:]
	return e, true
}

// next waits for an event; ok is false when none came.
func (q *queue) next() (report, bool) {
	deadline := time.NewTimer(bound)
	defer deadline.Stop()
	for {
		if e, ok := q.take(); ok {
			return e, true
		}
		select {
		case <-q.filled:
		case <-deadline.C:
			return report{}, false
		}
	}
}
