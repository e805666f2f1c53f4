package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rembus-go/rembus/component"
)

const (
	maxTold       = 10              // messages whose failure is told one by one
	progressAfter = 2 * time.Second // what takes longer shows how far it is
	progressEvery = 500 * time.Millisecond
)

// tally counts what became of messages. sent and refused are for one goroutine,
// which calls end when it is done.
type tally struct {
	console  *console
	outcomes chan *component.Future
	done     chan struct{} // closed when outcomes are all known

	mu     sync.Mutex // Protects following
	all    int
	acked  int
	failed int
}

func newTally(console *console) *tally {
	t := &tally{console: console, outcomes: make(chan *component.Future, 4096), done: make(chan struct{})}
	go t.collect()
	return t
}

// sent counts a message that is under way. It waits while very many are.
func (t *tally) sent(outcome *component.Future) {
	t.mu.Lock()
	t.all++
	t.mu.Unlock()
	t.outcomes <- outcome
}

// refused counts a message that was not sent.
func (t *tally) refused(err error) {
	t.mu.Lock()
	t.all++
	t.mu.Unlock()
	t.fail(err)
}

func (t *tally) collect() {
	defer close(t.done)
	for outcome := range t.outcomes {
		if err := outcome.Wait(context.Background()); err != nil {
			t.fail(err)
			continue
		}
		t.mu.Lock()
		t.acked++
		t.mu.Unlock()
	}
}

func (t *tally) fail(err error) {
	t.mu.Lock()
	t.failed++
	n := t.failed
	t.mu.Unlock()
	switch {
	case errors.Is(err, component.ErrClosed): // not acknowledged before the end, which is told as a whole
	case n <= maxTold:
		t.console.say("%v", err)
	case n == maxTold+1:
		t.console.say("further failures are only counted")
	}
}

// end waits for all outcomes. The error says how many failed.
func (t *tally) end() error {
	close(t.outcomes)
	<-t.done
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d messages were not published", t.failed, t.all)
}

// watch shows on a terminal how far it is, once it takes long; stop ends that.
func (t *tally) watch() (stop func()) {
	if !t.console.terminal {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		timer := time.NewTimer(progressAfter)
		defer timer.Stop()
		for {
			select {
			case <-quit:
				t.console.show("")
				return
			case <-timer.C:
				t.console.show(t.String())
				timer.Reset(progressEvery)
			}
		}
	}()
	return func() { close(quit); <-ended }
}

// String is the progress in words.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintf("%d published", t.acked)
	if open := t.all - t.acked - t.failed; open > 0 {
		text += fmt.Sprintf(", %d under way", open)
	}
	if t.failed > 0 {
		text += fmt.Sprintf(", %d failed", t.failed)
	}
	return text
}
