package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rembus-go/rembus/component"
)

// publisher publishes its share of a run.
type publisher struct {
	load   *pubsub
	index  int
	comp   *component.Component
	topics []*component.Topic
	text   *text
	lead   *lead
	sent   atomic.Uint64    // messages; the first one is not measured
	acks   chan publication // those of QoS 1 and 2 that wait for their ACK
	done   chan struct{}    // closed when the outcome of all is known

	mu      sync.Mutex // Protects following
	acked   uint64
	latency latency  // until the ACK
	failed  []uint64 // numbers of the messages whose fate is unknown
	last    time.Duration
}

// publication is a message under way.
type publication struct {
	stamp
	outcome *component.Future
}

func newPublisher(l *pubsub, i int) *publisher {
	p := &publisher{load: l, index: i, text: newText(l.size), acks: make(chan publication, 1024), done: make(chan struct{})}
	p.lead = newLead(l.most(), func() uint64 { return l.slowest(i) })
	return p
}

// connect logs in, under a name if only that makes the messages arrive once.
func (p *publisher) connect(ctx context.Context) error {
	l, name := p.load, ""
	if l.qos == 2 {
		name = l.crew.name("pub", p.index)
	}
	comp, err := l.crew.dial(ctx, name, component.WithOutbox(min(max(queueBytes/len(l.publishers), 64<<10), 8<<20)))
	if err != nil {
		return err
	}
	p.comp = comp
	for i := range l.topics {
		p.topics = append(p.topics, comp.Topic(l.crew.topic(i), component.WithQoS(component.QoS(l.qos))))
	}
	go p.collect()
	return nil
}

// publish sends the next message, stamped with the time at which it was due.
func (p *publisher) publish(ctx context.Context, at time.Duration) error {
	n := p.sent.Load()
	s := stamp{at: at, number: n, sender: uint16(p.index)}
	topic := p.topics[n%uint64(len(p.topics))]
	p.sent.Store(n + 1) // before it can arrive
	var outcome *component.Future
	var err error
	if p.load.qos == 0 {
		err = topic.Publish(ctx, p.text.put(s)...)
	} else {
		outcome, err = topic.PublishAsync(ctx, p.text.put(s)...)
	}
	if err != nil {
		p.sent.Store(n)
		return err
	}
	if outcome != nil {
		p.acks <- publication{s, outcome}
	}
	return nil
}

// run publishes until ctx ends, or quota messages; zero is no end.
func (p *publisher) run(ctx context.Context, quota uint64, pace schedule) error {
	for first := p.sent.Load(); quota == 0 || p.sent.Load() < first+quota; {
		due, err := pace.wait(ctx)
		if err == nil {
			err = p.lead.wait(ctx, p.sent.Load())
		}
		if pace.interval == 0 {
			due = time.Now()
		}
		if err == nil {
			err = p.publish(ctx, due.Sub(p.load.crew.began))
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// collect takes the outcomes of QoS 1 and 2.
func (p *publisher) collect() {
	defer close(p.done)
	for m := range p.acks {
		err := m.outcome.Wait(context.Background())
		now := p.load.crew.clock()
		p.mu.Lock()
		switch {
		case err != nil:
			p.failed = append(p.failed, m.number)
		case m.number > 0:
			p.acked++
			p.latency.add(now - m.at)
			p.last = now
		}
		p.mu.Unlock()
		if err != nil {
			p.load.trouble.add(err)
		}
	}
}

// finish waits until all that was published has left and been acknowledged, and
// logs out.
func (p *publisher) finish(ctx context.Context) error {
	if p.comp == nil {
		return nil
	}
	p.load.crew.client.flush(ctx, p.comp)
	if p.load.qos == 0 {
		p.mu.Lock()
		p.last = p.load.crew.clock()
		p.mu.Unlock()
	}
	err := p.load.crew.client.close(p.comp, nil) // what is still open fails now
	close(p.acks)
	<-p.done
	if errors.Is(err, component.ErrConnectionLost) || errors.Is(err, component.ErrTimeout) {
		err = nil // in the report, message by message
	}
	return err
}

// unknown returns the numbers of the messages that may have arrived or not.
func (p *publisher) unknown() []uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.failed)
	return p.failed
}
