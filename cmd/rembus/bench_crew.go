package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rembus-go/rembus/component"
)

// crew is the components of a run, and what they leave at the broker.
type crew struct {
	client  client // without a name
	console *console
	id      string    // of the run: in all its names and topics
	began   time.Time // when clocks show 0

	mu    sync.Mutex // Protects following
	comps []*component.Component
	named []string // the broker keeps a twin of each
	told  int      // lost connections
}

// atOnce is how many connections are made or ended at the same time.
const atOnce = 32

func newCrew(c *client, console *console) (*crew, error) {
	u, err := c.address()
	if err != nil {
		return nil, err
	}
	if strings.Trim(u.Path, "/") != "" {
		return nil, wrong("bench logs in under names of its own: leave the name out")
	}
	base := *c
	base.url = u.String()
	return &crew{client: base, console: console, id: strings.ToLower(rand.Text()[:10]), began: time.Now()}, nil
}

// clock is the time since the begin of the run.
func (k *crew) clock() time.Duration { return time.Since(k.began) }

// name is that of component i of a kind.
func (k *crew) name(kind string, i int) string {
	return fmt.Sprintf("rembus-bench-%s-%s-%d", k.id, kind, i+1)
}

// topic is number i of the run's topics.
func (k *crew) topic(i int) string { return fmt.Sprintf("rembus-bench/%s/%d", k.id, i+1) }

// dial connects a component, anonymous without a name.
func (k *crew) dial(ctx context.Context, name string, opts ...component.Option) (*component.Component, error) {
	c := k.client
	c.name = name
	comp, err := c.dial(ctx, k.console, append(opts, component.OnError(k.failure), component.OnDisconnect(k.lost), component.OnReconnect(k.back))...)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.comps = append(k.comps, comp)
	}
	if name != "" && (err == nil || ctx.Err() != nil) { // it may have logged in all the same
		k.named = append(k.named, name)
	}
	return comp, err
}

func (k *crew) failure(err error) {
	if !errors.Is(err, component.ErrSlow) { // counted in the report
		k.console.failure(err)
	}
}

// lost tells of the first connections that were lost; the report counts them all.
func (k *crew) lost(err error) {
	k.mu.Lock()
	k.told++
	told := k.told
	k.mu.Unlock()
	if told <= maxTold {
		k.console.lost(err)
	}
}

func (k *crew) back() {
	k.mu.Lock()
	told := k.told
	k.mu.Unlock()
	if told <= maxTold {
		k.console.back()
	}
}

// stats are those of all components together.
func (k *crew) stats() (sum component.Stats) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, comp := range k.comps {
		s := comp.Stats()
		sum.Reconnects += s.Reconnects
		sum.Dropped += s.Dropped
	}
	return sum
}

// close ends the components and removes their twins.
func (k *crew) close() error {
	k.mu.Lock()
	comps, named := k.comps, k.named
	k.mu.Unlock()
	err := parallel(context.Background(), len(comps), func(_ context.Context, i int) error { return k.client.close(comps[i], nil) })
	if len(named) == 0 {
		return err
	}
	left := k.remove(named)
	if left == nil {
		return err
	}
	left = fmt.Errorf("the broker still knows the components of this run, %s and others: %w", named[0], left)
	if errors.Is(left, component.ErrNotFound) { // a broker that cannot forget any
		k.console.say("%v", left)
		return err
	}
	return errors.Join(err, left)
}

// remove has the broker forget its twins of the named components. It may take a moment until
// the broker knows that they have gone.
func (k *crew) remove(names []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), k.client.timeout)
	defer cancel()
	comp, err := k.client.dial(ctx, k.console, component.WithoutReconnect())
	if err != nil {
		return err
	}
	for i := 0; i < len(names) && err == nil; {
		_, err = comp.RPC(ctx, "twin_remove", names[i])
		var refusal *component.Error
		switch {
		case err == nil || errors.Is(err, component.ErrTargetNotFound): // it never came to log in
			i, err = i+1, nil
		case errors.Is(err, component.ErrNotFound):
		case errors.As(err, &refusal):
			select {
			case <-time.After(10 * time.Millisecond):
				err = nil
			case <-ctx.Done():
			}
		}
	}
	return k.client.close(comp, err)
}

// parallel calls do with 0 to n-1, some at the same time, and returns the first error,
// with which the context that they get ends.
func parallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	next := make(chan int)
	for range min(n, atOnce) {
		wg.Go(func() {
			for i := range next {
				if err := do(ctx, i); err != nil {
					once.Do(func() { first = err })
					cancel()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return first
}
