package lake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// Log is what the lake needs of the broker's log. The methods are those of
// server.Log.
type Log interface {
	// Commit asks for everything appended to become durable at once, without
	// waiting for it.
	Commit()
	// End is the newest sequence number appended, Durable the newest that
	// survives a crash.
	End() uint64
	Durable() uint64
	// Read returns durable entries from the number from on whose topic match
	// accepts, at most max, and the number to go on from.
	Read(from uint64, max int, match func(topic string) bool) (entries []*protocol.Entry, next uint64, err error)
	// Notify registers fn to be called when the durable end has moved.
	Notify(fn func(durable uint64, err error))
}

// Options configure a lake. The zero value of a field means the default.
type Options struct {
	Path          string         // of the DuckDB file; "" or ":memory:" keeps nothing
	Schema        *schema.Schema // required
	Logger        *slog.Logger   // default: none
	MemoryLimit   string         // of DuckDB, such as "1GB", the default
	Threads       int            // of DuckDB; default: one per processor
	BatchInterval time.Duration  // how long messages may gather before they are written; default 250 ms
	BatchRows     int            // messages in one transaction; default 65,536
	QueryTimeout  time.Duration  // of a query or deletion; default 10 s
	Queries       int            // at the same time; default 2
	Timezone      *time.Location // of a when without a zone; default UTC
	MaxRows       int            // in a result; default 10 million
	MaxBytes      int            // of a result; default 60 MiB, what fits into one message
	RejectedAge   time.Duration  // how long refused rows are kept; default 7 days
	RejectedRows  int            // and how many, about; default 100,000

	// Probe looks at the file before it is opened, as [Probe] does, which is the
	// default: better in another process, since DuckDB may end the one that opens a
	// damaged file. The error is nil, wraps ErrDamaged or ErrNewer, or says why the file
	// could not be looked at.
	Probe func(ctx context.Context, path string, thorough bool) error
}

func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&o.BatchRows, 1<<16)
	def(&o.Queries, 2)
	def(&o.MaxRows, 10_000_000)
	def(&o.MaxBytes, 60<<20)
	def(&o.RejectedRows, 100_000)
	if o.RejectedAge <= 0 {
		o.RejectedAge = 7 * 24 * time.Hour
	}
	if o.BatchInterval <= 0 {
		o.BatchInterval = 250 * time.Millisecond
	}
	if o.QueryTimeout <= 0 {
		o.QueryTimeout = 10 * time.Second
	}
	if o.Timezone == nil {
		o.Timezone = time.UTC
	}
	if o.MemoryLimit == "" {
		o.MemoryLimit = "1GB"
	}
	if o.Probe == nil {
		o.Probe = Probe
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// ErrClosed is returned by what waits for a lake that is closed.
var ErrClosed = errors.New("lake: closed")

// Lake is an open lake. Safe for concurrent use.
type Lake struct {
	opts     Options
	log      Log
	began    uint64            // end of log at Start
	tables   map[string]*table // by name; immutable
	visible  []guard.Table     // what sql may refer to; immutable
	refusals reporter
	outcomes outcomes
	progress progress

	storeMu sync.RWMutex // protects store, which is replaced when DuckDB broke down
	store   *store       // nil while the file cannot be opened

	moved, kicked chan struct{} // wake the reader, see run
	stopping      chan struct{} // closed by Close
	done          chan struct{} // closed when the reader has ended
	ctx           context.Context
	cancel        context.CancelFunc
	queries       sync.WaitGroup
	slots         chan struct{} // one for each query at the same time

	health  atomic.Pointer[error]
	damaged atomic.Pointer[error] // what a query met in the file that is open
	broken  atomic.Bool           // DuckDB wants to be opened anew
	rebuilt atomic.Uint64         // messages stored since a file was set aside
	started bool

	// The reader's, from Start on.
	rejected   rejected
	opened     bool // the file was once
	suspect    bool // the writer met damage
	rebuilding bool // a file was set aside, and the end of the log is not reached
	tries      int  // of a lone change that failed for want of memory; the reader's
	close      sync.Once
}

// Open opens or creates the DuckDB file, and makes and changes tables as the schema
// says. It fails when that would lose values, then nothing is changed; when a newer
// DuckDB wrote the file; and when there is no directory for it. A damaged file is
// set aside, and its tables are made anew from the log. A file that cannot be opened for another
// reason, such as a full disk, is tried again after Start, and what Health tells of until then.
func Open(ctx context.Context, o Options) (*Lake, error) {
	o = o.withDefaults()
	if o.Schema == nil {
		return nil, errors.New("lake: a schema is needed")
	}
	if err := checkPath(o.Path); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	l := &Lake{
		opts:     o,
		tables:   make(map[string]*table, len(o.Schema.Tables)),
		moved:    make(chan struct{}, 1),
		kicked:   make(chan struct{}, 1),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
		slots:    make(chan struct{}, o.Queries),
	}
	l.refusals.logger = o.Logger
	l.ctx, l.cancel = context.WithCancel(context.Background())
	tables := tablesOf(o.Schema)
	for _, t := range tables {
		l.tables[t.Name] = t
	}
	l.visible = visibleOf(tables)
	l.progress.init(0)
	err := l.open(ctx)
	var layout *layoutError
	switch {
	case err == nil:
		return l, nil
	case ctx.Err() != nil, errors.As(err, &layout), errors.Is(err, ErrNewer), inMemory(o.Path):
		l.cancel()
		return nil, err
	}
	l.failed(err)
	return l, nil
}

// tablesOf returns the tables of a schema in its order.
func tablesOf(s *schema.Schema) []*table {
	tables := make([]*table, len(s.Tables))
	for i, t := range s.Tables {
		tables[i] = newTable(t)
	}
	return tables
}

// open opens the file. Called by Open, later by the reader only.
func (l *Lake) open(ctx context.Context) error {
	if err := l.examine(ctx); err != nil {
		return fmt.Errorf("failed to open the lake: %w", err)
	}
	tables := make([]*table, len(l.opts.Schema.Tables))
	for i, t := range l.opts.Schema.Tables {
		tables[i] = l.tables[t.Name]
	}
	s, err := openStore(ctx, l.opts, tables)
	if err != nil {
		return fmt.Errorf("failed to open the lake: %w", err)
	}
	for _, q := range s.changed {
		l.opts.Logger.Info("the lake's tables follow the schema", "sql", q)
	}
	if len(s.left) > 0 && !l.opened {
		l.opts.Logger.Info("tables in the lake that the schema does not have stay as they are", "tables", s.left)
	}
	if l.log != nil && !l.opened && s.position > l.began {
		// The log could not be told to number above the position: what was appended
		// since it was opened is new to the lake.
		l.opts.Logger.Warn("the lake was ahead of the log", "position", s.position, "end", l.began)
		s.position = l.began
	}
	l.opened = true
	l.rejected = rejected{rows: -1}
	l.damaged.Store(nil)
	l.broken.Store(false)
	l.storeMu.Lock()
	l.store = s
	l.storeMu.Unlock()
	l.progress.reset(s.position)
	return nil
}

// Position is the sequence number up to which the log is in the lake: what is
// below needs to be kept in the log no longer. 0 until the file is open.
func (l *Lake) Position() uint64 { return l.progress.at() }

// Health is nil while the lake works, else why it does not. It goes on trying.
func (l *Lake) Health() error {
	if err := l.health.Load(); err != nil {
		return *err
	}
	return nil
}

// Refused is the number of rows that were left out since Open.
func (l *Lake) Refused() uint64 { return l.refusals.count.Load() }

// Start begins to read log. To be called once, before Procedures are served.
func (l *Lake) Start(log Log) {
	l.log, l.began = log, log.End()
	l.started = true
	log.Notify(func(uint64, error) { signal(l.moved) })
	go background(l.run)
	l.kick()
}

// Close ends the queries, writes what is durable in the log, and closes the
// file. When ctx ends before that, the transaction that runs is the last, and the
// rest stays in the log for the next start. Further calls do nothing.
func (l *Lake) Close(ctx context.Context) (err error) {
	l.close.Do(func() {
		close(l.stopping)
		if l.started {
			select {
			case <-l.done:
			case <-ctx.Done():
			}
		}
		l.cancel()
		if l.started {
			<-l.done
		}
		l.progress.end()
		l.queries.Wait()
		l.storeMu.Lock()
		defer l.storeMu.Unlock()
		if l.store != nil {
			err = l.store.close(l.progress.at())
			l.store = nil
		}
	})
	return err
}

// kick makes the reader look at the log now.
func (l *Lake) kick() { signal(l.kicked) }

// signal fills a channel of one place, if it is empty.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
