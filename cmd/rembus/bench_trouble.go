package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rembus-go/rembus/component"
)

// trouble counts failures, tells the first ones, and ends a run that has nothing else.
type trouble struct {
	console *console

	mu  sync.Mutex // Protects following
	n   int
	end context.CancelCauseFunc
}

// maxTrouble bounds what is remembered of messages that failed.
const maxTrouble = 10_000

func (t *trouble) limit(end context.CancelCauseFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = end
}

func (t *trouble) add(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	switch {
	case errors.Is(err, component.ErrClosed): // not acknowledged before the end, which is told as a whole
	case t.n <= maxTold:
		t.console.say("%v", err)
	case t.n == maxTold+1:
		t.console.say("further failures are only counted")
	}
	if t.n >= maxTrouble && t.end != nil {
		t.end(fmt.Errorf("given up after %d failures", maxTrouble))
		t.end = nil
	}
}
