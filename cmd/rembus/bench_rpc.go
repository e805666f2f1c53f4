package main

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/rembus-go/rembus/component"
)

// rpc is the load of callers: each calls a method that returns its argument, one call
// after the other.
type rpc struct {
	*bench
	crew    *crew
	trouble *trouble
	callers []*caller
}

// caller is one of them.
type caller struct {
	load *rpc
	comp *component.Component
	text *text

	mu      sync.Mutex // Protects following
	calls   uint64     // answered
	failed  uint64
	latency latency
	last    time.Duration
}

func newRPC(b *bench, k *crew, trouble *trouble) *rpc {
	l := &rpc{bench: b, crew: k, trouble: trouble}
	for range b.callers {
		l.callers = append(l.callers, &caller{load: l, text: newText(b.size)})
	}
	return l
}

// connect exposes the method, and makes a first call by each caller.
func (l *rpc) connect(ctx context.Context) error {
	server, err := l.crew.dial(ctx, "", component.WithHandlers(len(l.callers)))
	if err != nil {
		return err
	}
	if err := server.Expose(ctx, l.crew.topic(0), echo); err != nil {
		return err
	}
	return parallel(ctx, len(l.callers), func(ctx context.Context, i int) error {
		c, err := l.callers[i], error(nil)
		if c.comp, err = l.crew.dial(ctx, ""); err != nil {
			return err
		}
		return c.call(ctx, stamp{sender: uint16(i)})
	})
}

// echo returns its argument.
func echo(_ context.Context, m *component.Message) (any, error) {
	args, err := m.Args()
	if err != nil || len(args) != 1 {
		return nil, errors.Join(err, component.ErrArguments)
	}
	return cbor.RawMessage(args[0]), nil
}

// call makes one call.
func (c *caller) call(ctx context.Context, s stamp) error {
	answer, err := c.comp.RPC(ctx, c.load.crew.topic(0), c.text.put(s)...)
	if err != nil {
		return err
	}
	raw, err := answer.Payload().CBOR()
	if err == nil && !bytes.Equal(raw, c.text.raw) {
		err = errors.New("the answer to a call is that of another one")
	}
	return err
}

// run calls until ctx ends, or quota times; zero is no end. Calls under way end with life.
func (c *caller) run(life, ctx context.Context, i int, quota uint64, pace schedule) {
	for n := uint64(1); quota == 0 || n <= quota; n++ {
		due, err := pace.wait(ctx)
		if err != nil {
			return
		}
		at := due.Sub(c.load.crew.began)
		err = c.call(life, stamp{at: at, number: n, sender: uint16(i)})
		if life.Err() != nil {
			return
		}
		now := c.load.crew.clock()
		c.mu.Lock()
		c.last = now
		if err == nil {
			c.calls++
			c.latency.add(now - at)
		} else {
			c.failed++
		}
		c.mu.Unlock()
		if err != nil {
			c.load.trouble.add(err)
		}
	}
}

func (l *rpc) drive(life, ctx context.Context) error {
	defer l.rate.allow(len(l.callers))()
	var wg sync.WaitGroup
	for i, c := range l.callers {
		quota, none := l.share(i, len(l.callers))
		if none {
			continue
		}
		pace := newSchedule(&l.rate, i, len(l.callers))
		wg.Go(func() { c.run(life, ctx, i, quota, pace) })
	}
	wg.Wait()
	return context.Cause(ctx)
}

// settle has nothing to wait for: no call is under way.
func (l *rpc) settle(context.Context) error { return nil }

func (l *rpc) count() *counts {
	c := &counts{}
	for _, k := range l.callers {
		k.mu.Lock()
		c.sent += k.calls
		c.failed += k.failed
		c.latency.merge(&k.latency)
		c.sentAt = max(c.sentAt, k.last)
		k.mu.Unlock()
	}
	return c
}

func (l *rpc) lost() uint64 { return 0 }
