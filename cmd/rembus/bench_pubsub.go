package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// pubsub is the load of publishers and subscribers.
type pubsub struct {
	*bench
	crew        *crew
	trouble     *trouble
	publishers  []*publisher
	subscribing []*subscriber
}

const (
	queueBytes   = 1 << 30 // that all components of a run may queue, each in equal parts
	leadMessages = 1 << 15 // on their way at full speed, of all publishers together
	leadBytes    = 8 << 20 // and their bytes: half of what rembusd queues for a subscriber
	leadAll      = 1 << 18 // deliveries on their way, to all subscribers together
)

func newPubsub(b *bench, k *crew, trouble *trouble) *pubsub {
	l := &pubsub{bench: b, crew: k, trouble: trouble}
	l.publishers = make([]*publisher, b.publishers)
	for i := range l.publishers {
		l.publishers[i] = newPublisher(l, i)
	}
	for range b.subscribers {
		l.subscribing = append(l.subscribing, newSubscriber(l))
	}
	return l
}

// most is how many messages one publisher may be ahead of the slowest subscriber.
// At a given rate the broker has to cope: there is no bound.
func (l *pubsub) most() uint64 {
	if l.rate.number > 0 || l.subscribers == 0 {
		return 0
	}
	bytes := min(leadBytes, queueBytes/l.bench.subscribers/4)
	messages := min(leadMessages, bytes/(l.size+128), leadAll/l.bench.subscribers)
	return uint64(max(messages/l.bench.publishers, 1))
}

// patterns is what each subscriber subscribes to.
func (l *pubsub) patterns() (all []string) {
	if l.space {
		return []string{fmt.Sprintf("rembus-bench/%s/*", l.crew.id)}
	}
	for i := range l.topics {
		all = append(all, l.crew.topic(i))
	}
	return all
}

// slowest is up to where each subscriber has the messages of publisher i.
func (l *pubsub) slowest(i int) uint64 {
	least := uint64(math.MaxUint64)
	for _, s := range l.subscribing {
		least = min(least, s.reached[i].Load())
	}
	return least
}

// connect makes all components, and sees a first message of each publisher through.
func (l *pubsub) connect(ctx context.Context) error {
	if err := parallel(ctx, len(l.subscribing), func(ctx context.Context, i int) error { return l.subscribing[i].connect(ctx, i) }); err != nil {
		return err
	}
	if err := parallel(ctx, len(l.publishers), func(ctx context.Context, i int) error { return l.publishers[i].connect(ctx) }); err != nil {
		return err
	}
	for _, p := range l.publishers {
		if err := p.publish(ctx, l.crew.clock()); err != nil {
			return err
		}
	}
	if !l.await(ctx) {
		return fmt.Errorf("a first message did not reach all subscribers: nothing came for %v (--timeout)", l.quiet)
	}
	return ctx.Err()
}

// drive publishes until ctx ends or everything is sent.
func (l *pubsub) drive(_, ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer l.rate.allow(len(l.publishers))()
	var wg sync.WaitGroup
	for i, p := range l.publishers {
		quota, none := l.share(i, len(l.publishers))
		if none {
			continue
		}
		pace := newSchedule(&l.rate, i, len(l.publishers))
		wg.Go(func() {
			if err := p.run(ctx, quota, pace); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// settle waits for what is on its way, not longer than until ctx ends.
func (l *pubsub) settle(ctx context.Context) error {
	err := parallel(ctx, len(l.publishers), func(_ context.Context, i int) error { return l.publishers[i].finish(ctx) })
	l.await(ctx) // what is missing then is in the report
	return err
}

// await waits until everything has arrived. It gives up when nothing came for long, or
// ctx ends.
func (l *pubsub) await(ctx context.Context) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var arrived uint64
	since := time.Now()
	for !l.complete() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
		if n := l.arrived(); n != arrived {
			arrived, since = n, time.Now()
		} else if time.Since(since) > l.quiet {
			return false
		}
	}
	return true
}

func (l *pubsub) complete() bool {
	for _, s := range l.subscribing {
		if !s.complete() {
			return false
		}
	}
	return true
}

// arrived counts all that came, known or not, so that it changes when something does.
func (l *pubsub) arrived() (n uint64) {
	for _, s := range l.subscribing {
		s.mu.Lock()
		n += s.received + s.duplicates + s.foreign
		for i := range s.ledgers {
			n += s.ledgers[i].next
		}
		s.mu.Unlock()
	}
	return n
}

// count adds up what the components have counted so far.
func (l *pubsub) count() *counts {
	c := &counts{}
	for _, p := range l.publishers {
		p.mu.Lock()
		if l.qos == 0 {
			c.sent += max(p.sent.Load(), 1) - 1
		} else {
			c.sent += p.acked
		}
		c.failed += uint64(len(p.failed))
		c.ack.merge(&p.latency)
		c.sentAt = max(c.sentAt, p.last)
		p.mu.Unlock()
	}
	for _, s := range l.subscribing {
		s.mu.Lock()
		c.received += s.received
		c.duplicates += s.duplicates
		c.foreign += s.foreign
		c.latency.merge(&s.latency)
		c.receivedAt = max(c.receivedAt, s.last)
		s.mu.Unlock()
	}
	return c
}

// lost counts what did not arrive, for each subscriber that it did not reach. What
// the broker did not acknowledge is left out.
func (l *pubsub) lost() (n uint64) {
	for i, p := range l.publishers {
		unknown := p.unknown()
		for _, s := range l.subscribing {
			s.mu.Lock()
			n += s.ledgers[i].lost(p.sent.Load(), unknown)
			s.mu.Unlock()
		}
	}
	return n
}
