package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// ErrShutdown is why connections end when the broker goes down.
var ErrShutdown = errors.New("the broker is shutting down")

// persistEvery is how often the places of twins that moved are written.
const persistEvery = 100 * time.Millisecond

// Server is a broker. Its methods are safe for concurrent use.
type Server struct {
	opts    Options
	log     Log
	guard   Guard
	guarded bool
	reuses  bool // messages are released: the log is a Copier
	logger  *slog.Logger
	started time.Time
	budget  budget
	stats   stats

	ctx    context.Context // ends with the server
	cancel context.CancelFunc
	tasks  sync.WaitGroup // every goroutine but those in Serve
	wakeup chan struct{}  // the places of twins are to be written now

	mu         sync.Mutex // the core's lock; protects following
	closing    bool
	sessions   map[*session]struct{}
	twins      map[string]*twin // the named ones
	tenants    map[string]*tenant
	procedures map[string]Procedure
	pending    []pendingPub // QoS1/2 that is not durable yet, in the log's order
	routed     [2]uint64    // per class: everything up to here has been routed
	calls      map[uint64]*call
	callID     uint64
	readers    map[*twin]struct{} // twins whose readers wait
	dirty      []*twin            // twins whose place is to be written
	persisted  uint64             // the log's end when places were last written
	released   sync.Cond          // a session has left
	settled    sync.Cond          // the durable end has moved

	entry   [runLength]protocol.Entry  // of publishSure and publishRun
	entries [runLength]*protocol.Entry // to entry
	scratch audience                   // of route
	stored  audience                   // of twin.audience
	found   []matched                  // of twin.audience
	batch   []*protocol.Message        // of twin.push
}

// tenant is a part of the broker that knows nothing of the others. Guarded by the
// core's lock.
type tenant struct {
	name    string
	index   *index
	methods map[string]*method
}

// stats counts what happened since the start.
type stats struct {
	connected, published, dropped, unlogged, refused, calls atomic.Uint64
}

// Stats is a snapshot of the broker's counters since its start.
type Stats struct {
	Connections uint64 // accepted
	Open        int    // connections now
	Published   uint64 // messages taken from publishers
	Dropped     uint64 // QoS0 deliveries dropped because an anonymous subscriber was slow
	Unlogged    uint64 // QoS0 messages that the log did not take
	Refused     uint64 // messages refused
	Calls       uint64 // calls served or passed on
}

// New returns a broker that is ready to serve. It restores the twins that the log
// remembers.
func New(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		opts: opts, log: opts.Log, guard: opts.Guard, logger: opts.Logger, started: time.Now(),
		budget: budget{limit: opts.OutboxTotal}, wakeup: make(chan struct{}, 1),
		sessions: make(map[*session]struct{}), twins: make(map[string]*twin), tenants: make(map[string]*tenant),
		procedures: make(map[string]Procedure), calls: make(map[uint64]*call), readers: make(map[*twin]struct{}),
		batch: make([]*protocol.Message, 0, 16),
	}
	for i := range s.entries {
		s.entries[i] = &s.entry[i]
	}
	_, s.reuses = opts.Log.(Copier)
	_, open := opts.Guard.(allowAll)
	s.guarded = !open
	s.released.L, s.settled.L = &s.mu, &s.mu
	s.ctx, s.cancel = context.WithCancel(context.Background())
	end := s.log.End()
	s.routed = [2]uint64{end, end}
	s.provideBuiltins()
	s.provideTwins()
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	s.log.Notify(s.committed)
	s.tasks.Go(s.tick)
	return s, nil
}

// now is the time that stored messages carry, ns since 1970. It follows the
// monotonic clock: a jump of the wall clock does not reorder what is stored.
func (s *Server) now() int64 { return s.started.UnixNano() + int64(time.Since(s.started)) }

// tick does what is done from time to time.
func (s *Server) tick() {
	write := time.NewTicker(persistEvery)
	defer write.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-write.C:
			s.persist()
		case <-s.wakeup:
			s.persist()
		case <-second.C:
			s.housekeep()
		}
	}
}

// persistSoon has the places of moved twins written without waiting for the tick.
func (s *Server) persistSoon() {
	select {
	case s.wakeup <- struct{}{}:
	default:
	}
}

// Submit appends an entry of the lake, such as an upsert, to the log, in order
// with what is published, and asks for it to become durable. It sets e.Seq and
// e.Time and returns the sequence number.
func (s *Server) Submit(ctx context.Context, e *protocol.Entry) (uint64, error) {
	if err := s.log.Room(ctx); err != nil {
		return 0, err
	}
	s.mu.Lock()
	e.Time = s.now()
	err := s.log.Append(e)
	if err == nil {
		s.routed[0] = e.Seq
	}
	s.mu.Unlock()
	if err != nil {
		return 0, protocol.Errorf(protocol.StatusError, "not stored: %v", err)
	}
	s.log.Commit()
	return e.Seq, nil
}

// Stats returns the counters of this moment.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	open := len(s.sessions)
	s.mu.Unlock()
	c := &s.stats
	return Stats{
		Connections: c.connected.Load(), Open: open, Published: c.published.Load(), Dropped: c.dropped.Load(),
		Unlogged: c.unlogged.Load(), Refused: c.refused.Load(), Calls: c.calls.Load(),
	}
}

// Close shuts the broker down: new connections are refused, what was accepted
// with QoS1/2 becomes durable and is routed and acked, outboxes are written out,
// connections are closed with ErrShutdown, the twins' places are stored. When ctx
// ends first the rest is cut short and its error returned; what was acked is safe
// all the same. The log stays open: it is the caller's.
func (s *Server) Close(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closing = true
		s.settled.Broadcast()
		for ss := range s.sessions {
			ss.end(ErrShutdown)
		}
		s.cancel()
	})
	defer stop()
	s.mu.Lock()
	s.closing = true
	s.log.Commit()
	for len(s.pending) > 0 && ctx.Err() == nil {
		s.settled.Wait()
	}
	for ss := range s.sessions {
		s.tasks.Go(func() {
			ss.out.close(false)
			ss.out.waitEmpty()
			ss.end(ErrShutdown)
		})
	}
	for len(s.sessions) > 0 { // a closed link ends Serve
		s.released.Wait()
	}
	s.mu.Unlock()
	s.cancel()
	s.tasks.Wait()
	s.persist()
	return ctx.Err()
}

// newTwin returns a twin that is not connected. Core's lock held.
func (s *Server) newTwin(name string) *twin {
	t := &twin{
		server: s, name: name, tenant: s.tenantOf(name), tracked: name != "", bound: -1,
		subs: make(map[string]*subscription), nums: make(map[uint32]*subscription), marks: make(map[string][2]uint64), exposed: make(map[string]*exposer),
	}
	t.main.twin = t
	t.changed.L = &s.mu
	return t
}

// namedTwin returns the twin of that name, a new one if there is none.
func (s *Server) namedTwin(name string) *twin {
	t, ok := s.twins[name]
	if !ok {
		t = s.newTwin(name)
		t.seen = s.now()
		s.twins[name] = t
	}
	return t
}

// removeTwin forgets a twin with all that it has.
func (s *Server) removeTwin(t *twin) {
	t.unindex()
	for _, x := range t.exposed {
		s.withdraw(x)
	}
	delete(s.readers, t)
}

func (s *Server) tenantOf(name string) *tenant {
	domain := protocol.Tenant(name)
	tn, ok := s.tenants[domain]
	if !ok {
		tn = &tenant{name: domain, index: newIndex(), methods: make(map[string]*method)}
		s.tenants[domain] = tn
	}
	return tn
}
