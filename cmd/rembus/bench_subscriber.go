package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rembus-go/rembus/component"
)

// subscriber receives the messages of a run and keeps account of them.
type subscriber struct {
	load    *pubsub
	reached []atomic.Uint64 // of each publisher: above all that arrived

	mu         sync.Mutex // Protects following
	ledgers    []ledger   // of each publisher
	latency    latency
	received   uint64 // each message once
	duplicates uint64
	foreign    uint64        // messages that nobody of this run sent, at least not so
	last       time.Duration // when the newest came
}

func newSubscriber(l *pubsub) *subscriber {
	return &subscriber{load: l, ledgers: make([]ledger, len(l.publishers)), reached: make([]atomic.Uint64, len(l.publishers))}
}

// connect subscribes to everything. What has to arrive needs a name: what is published while
// the connection is lost then comes when it is back.
func (s *subscriber) connect(ctx context.Context, i int) error {
	l, name := s.load, ""
	var opts []component.SubscribeOption
	if l.qos > 0 {
		name, opts = l.crew.name("sub", i), append(opts, component.From(component.LastReceived))
	}
	comp, err := l.crew.dial(ctx, name, component.WithInbox(min(max(queueBytes/l.subscribers, 1<<20), 64<<20)))
	if err != nil {
		return err
	}
	for _, topic := range l.patterns() {
		if name != "" { // past what is stored already: a new twin begins with the oldest message of the log
			if _, err := comp.Subscribe(ctx, topic, s.handle); err != nil {
				return err
			}
			if err := comp.Unsubscribe(ctx, topic); err != nil {
				return err
			}
		}
		if _, err := comp.Subscribe(ctx, topic, s.handle, opts...); err != nil {
			return err
		}
	}
	return nil
}

func (s *subscriber) handle(m *component.Message) {
	now := s.load.crew.clock()
	var st stamp
	args, err := m.Args()
	known := err == nil && len(args) == 1
	if known {
		st, known = readStamp(args[0], s.load.size)
	}
	known = known && int(st.sender) < len(s.ledgers) && st.number < s.load.publishers[st.sender].sent.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !known {
		s.foreign++
		return
	}
	l := &s.ledgers[st.sender]
	before := l.next
	switch {
	case !l.arrive(st.number):
		s.duplicates++
		return
	case st.number == 0: // the first one of each publisher is not measured
	default:
		s.received++
		s.last = now
		s.latency.add(now - st.at)
	}
	if l.next > before {
		s.reached[st.sender].Store(l.next)
		s.load.publishers[st.sender].lead.advance(before, l.next)
	}
}

// complete reports whether everything is there that the publishers have sent.
func (s *subscriber) complete() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.ledgers {
		l := &s.ledgers[i]
		if l.next < s.load.publishers[i].sent.Load() || s.load.qos > 0 && len(l.gaps) > 0 {
			return false
		}
	}
	return true
}
