package component

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Component is a connected component. All methods are safe for concurrent use.
type Component struct {
	name string
	dial func(context.Context) (protocol.Link, error)
	opts options
	ids  atomic.Uint64

	requests, timers sync.Pool // of *request, *time.Timer

	out       *outbox
	in        *inbox
	delivered messages // of the dispatching goroutine
	calls     *calls
	notices   notices

	ctx     context.Context // of handlers; ends when Close stops waiting for them
	cancel  context.CancelFunc
	life    context.Context // ends with the first Close
	endLife context.CancelFunc
	done    chan struct{}  // closed when the component has ended
	idle    chan struct{}  // closed when no handler of a subscription runs any more
	running sync.WaitGroup // every goroutine but those of handlers

	mu       sync.Mutex    // Protects following
	session  *session      // nil while disconnected
	up       chan struct{} // closed when session is set or the component has ended
	ended    error         // why the component has ended
	closed   bool          // Close was called
	unsent   int           // messages that the end left unsent or unacknowledged
	downAt   time.Time     // when the last connection was lost
	subs     map[string]*Subscription
	methods  map[string]*method
	reactive reactive

	reconnects atomic.Uint64
	changes    atomic.Uint64 // of subs, counted
}

// Attach returns a component over links that dial makes: one now and, unless
// [WithoutReconnect] is given, another one after each loss of the connection.
// With it a component lives in the broker's own process, or speaks over a
// transport that this package does not know. An empty name is an anonymous
// component. ctx bounds only the first connection.
func Attach(ctx context.Context, dial func(context.Context) (protocol.Link, error), name string, opts ...Option) (*Component, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	return attach(ctx, dial, name, o)
}

func attach(ctx context.Context, dial func(context.Context) (protocol.Link, error), name string, o options) (*Component, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if name != "" {
		if err := protocol.CheckName(name, o.limits); err != nil {
			return nil, err
		}
	}
	c := &Component{
		name: name, dial: dial, opts: o,
		out: newOutbox(&o), in: newInbox(o.inbox), notices: notices{log: o.logger},
		done: make(chan struct{}), idle: make(chan struct{}), up: make(chan struct{}),
		subs: make(map[string]*Subscription), methods: make(map[string]*method),
	}
	c.calls = newCalls(c, &o)
	c.requests.New, c.timers.New = newRequest, newTimer
	if o.manual {
		c.reactive = reactiveOff
	}
	c.ids.Store(rand.Uint64())
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.life, c.endLife = context.WithCancel(context.Background())
	s, err := c.connect(ctx)
	if err != nil {
		c.cancel()
		c.endLife()
		c.running.Wait()
		return nil, err
	}
	c.installed(s)
	c.running.Go(func() { c.supervise(s) })
	go c.dispatch() // Close waits for it apart: it may be inside a handler
	return c, nil
}

// Name returns the component's name, "" for an anonymous one.
func (c *Component) Name() string { return c.name }

// Connected reports whether there is a connection at this moment.
func (c *Component) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session != nil
}

// Stats are counts since the component was made.
type Stats struct {
	Reconnects uint64 // connections after the first
	Dropped    uint64 // QoS0 deliveries dropped because the handlers were too slow
	Unhandled  uint64 // deliveries discarded because their topic had no handler
}

// Stats returns the counts of now.
func (c *Component) Stats() Stats {
	return Stats{
		Reconnects: c.reconnects.Load(),
		Dropped:    c.in.dropped.Load(),
		Unhandled:  c.in.unhandled.Load(),
	}
}

// connected returns the connection, waiting for one until ctx ends or expired
// fires.
func (c *Component) connected(ctx context.Context, expired <-chan time.Time) (*session, error) {
	for ctx.Err() == nil {
		c.mu.Lock()
		s, change, err := c.session, c.up, c.ended
		c.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if s != nil {
			if s.ctx.Err() == nil {
				return s, nil
			}
			change = s.gone
		}
		select {
		case <-change:
		case <-expired:
			return nil, ErrTimeout
		case <-ctx.Done():
		}
	}
	return nil, ended(ctx)
}

// over reports whether the component has ended or is about to.
func (c *Component) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed || c.ended != nil
}
