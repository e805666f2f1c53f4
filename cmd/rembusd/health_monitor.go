package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// lookEvery is how often a monitor looks by itself.
const lookEvery = time.Second

// monitor watches a broker: it looks every second and whenever somebody asks, and
// logs what has changed. Safe for concurrent use.
type monitor struct {
	logger  *slog.Logger
	collect func(now time.Time) *snapshot // called under mu

	mu    sync.Mutex // Protects following
	last  verdict
	since time.Time // when the state of last began
}

// newMonitor watches broker, the log and the lake under it and the disk of dir.
func newMonitor(c *config, log server.Log, db *store, broker *server.Server, logger *slog.Logger) *monitor {
	var late lag
	collect := func(now time.Time) *snapshot {
		s := &snapshot{
			limits: healthLimits{lakeLag: time.Duration(c.batchInterval + c.lakeLag), diskLow: int64(c.diskLow)},
			stats:  broker.Stats(), first: log.First(), end: log.End(),
		}
		if db.lake != nil {
			s.lake = &lakeSnapshot{position: db.lake.Position(), refused: db.lake.Refused(), err: db.lake.Health(), damage: db.lake.Damage()}
		}
		s.durable = log.Durable() // after the lake's position, which is not above it
		if s.lake != nil {
			s.lake.behind = max(s.durable, s.lake.position) - s.lake.position
			s.lake.lag = late.measure(now, s.durable, s.lake.position)
		}
		switch log := log.(type) {
		case interface{ Health() journal.Health }:
			h := log.Health()
			s.journal = &h
		case interface{ Full() bool }:
			s.memoryFull = log.Full()
		}
		if d, err := diskOf(c.home()); err == nil {
			s.disk = &d
		}
		return s
	}
	return &monitor{logger: logger, collect: collect, last: verdict{state: green}, since: time.Now()}
}

// run looks until ctx ends.
func (m *monitor) run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		m.look()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// start lets run begin; stop ends it.
func (m *monitor) start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// look judges the broker now, and logs when the state or its reasons are others
// than at the last look.
func (m *monitor) look() *healthReport {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	s := m.collect(now)
	s.before = m.last.reasons
	v := s.judge()
	if v.state != m.last.state {
		m.since = now
	}
	if !v.same(m.last) {
		m.log(v)
	}
	m.last = v
	return newHealthReport(v, m.since, s)
}

func (m *monitor) log(v verdict) {
	level := slog.LevelInfo
	switch v.state {
	case readOnly:
		level = slog.LevelError
	case degraded:
		level = slog.LevelWarn
	}
	var attrs []slog.Attr
	for _, r := range v.reasons {
		attrs = append(attrs, slog.String(r.Code, r.Text))
	}
	m.logger.LogAttrs(context.Background(), level, "health: "+v.state, attrs...)
}

// answer is the built-in method health.
func (m *monitor) answer(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
	return protocol.EncodeValue(m.look())
}
