package main

import (
	"context"
	"time"

	"github.com/rembus-go/rembus/internal/nap"
)

// schedule says when a sender's messages are due. Unlike a [pacer] it leaves none out
// however late it is: latency counts from when a message was due, lest a broker
// that stalls, and so keeps messages from being sent, looks better for it.
type schedule struct {
	interval time.Duration // zero: as fast as can be
	next     time.Time
	precise  bool // to a fraction of a millisecond
}

// allow makes room for n senders that wait precisely.
func (r *rate) allow(n int) (release func()) {
	if r.interval() == 0 || n > fewSenders {
		return func() {}
	}
	return nap.Allow(n)
}

// fewSenders may wait precisely: see package nap.
const fewSenders = 4

// newSchedule is that of sender i of n, who share the rate and take turns.
func newSchedule(r *rate, i, n int) schedule {
	interval := r.interval() * time.Duration(n)
	return schedule{interval: interval, next: time.Now().Add(interval / time.Duration(n) * time.Duration(i)), precise: n <= fewSenders}
}

// wait returns when the next message is due, and says when that was.
func (s *schedule) wait(ctx context.Context) (due time.Time, err error) {
	if s.interval == 0 {
		return time.Now(), ctx.Err()
	}
	due, s.next = s.next, s.next.Add(s.interval)
	early := time.Until(due)
	if early <= 0 {
		return due, ctx.Err()
	}
	if s.precise && early < nap.Longest {
		for ; early > 0; early = time.Until(due) { // a nap may end early
			nap.For(early)
		}
		return due, ctx.Err()
	}
	t := time.NewTimer(early)
	defer t.Stop()
	select {
	case <-t.C:
		return due, nil
	case <-ctx.Done():
		return due, ctx.Err()
	}
}

// lead keeps a publisher from running away from the slowest subscriber: at most so
// many messages are on their way. Brokers may drop QoS 0 beyond what they queue.
type lead struct {
	most    uint64        // zero: no bound
	slowest func() uint64 // up to where every subscriber is
	moved   chan struct{} // has an item when it is worth to look again
	passed  uint64        // as far as the publisher knows
}

// stalled is how long a publisher waits for subscribers that get nothing: what they
// miss is lost, or comes when they are back.
const stalled = 2 * time.Second

func newLead(most uint64, slowest func() uint64) *lead {
	return &lead{most: most, slowest: slowest, moved: make(chan struct{}, 1)}
}

// step is how far a subscriber comes between telling so.
func (l *lead) step() uint64 { return max(l.most/4, 1) }

// advance is called by a subscriber that came from one message to another.
func (l *lead) advance(from, to uint64) {
	if l.most > 0 && from/l.step() != to/l.step() {
		select {
		case l.moved <- struct{}{}:
		default:
		}
	}
}

// wait returns when message n may be sent.
func (l *lead) wait(ctx context.Context, n uint64) error {
	if l.most == 0 || n < l.passed+l.most {
		return nil
	}
	t := time.NewTimer(stalled)
	defer t.Stop()
	for {
		if l.passed = max(l.passed, l.slowest()); n < l.passed+l.most {
			return nil
		}
		select {
		case <-l.moved:
		case <-t.C:
			l.passed = n
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
