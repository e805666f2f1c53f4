package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/schema"
	"github.com/rembus-go/rembus/server"
)

// store is the lake of a broker that has one.
type store struct{ lake *lake.Lake }

// openLake opens the lake file, unless there are no tables or no lake is wanted.
func openLake(ctx context.Context, c *config, tables *schema.Schema, logger *slog.Logger) (*store, error) {
	if tables == nil || c.noLake {
		return &store{}, nil
	}
	o := c.lakeOptions(tables)
	o.Logger = logger
	l, err := lake.Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("the lake %s: %w", o.Path, err)
	}
	widen()
	return &store{l}, nil
}

// lakeOptions are those of the broker's lake.
func (c *config) lakeOptions(tables *schema.Schema) lake.Options {
	return lake.Options{
		Path: filepath.Join(c.home(), "lake.duckdb"), Schema: tables, MemoryLimit: fmt.Sprintf("%dB", int64(c.lakeMemory)),
		BatchInterval: time.Duration(c.batchInterval), QueryTimeout: time.Duration(c.queryTimeout), Timezone: c.timezone.location,
		MaxBytes:    int(c.maxMessage) - 4<<20, // a result has to fit into one message
		RejectedAge: time.Duration(c.rejectedAge), RejectedRows: c.rejectedRows,
		Probe: probe,
	}
}

// position is where the lake stands in the log.
func (s *store) position() uint64 {
	if s.lake == nil {
		return 0
	}
	return s.lake.Position()
}

// keep tells the log what the lake no longer needs.
func (s *store) keep() func() uint64 {
	if s.lake == nil {
		return nil
	}
	return s.lake.Position
}

// start lets the lake read the log, and the broker serve its methods.
func (s *store) start(log server.Log, broker *server.Server) {
	if s.lake == nil {
		return
	}
	for name, p := range s.lake.Procedures(broker.Submit) {
		broker.Provide(name, p)
	}
	s.lake.Start(log)
}

// close applies what is in the log and closes the file.
func (s *store) close(ctx context.Context) error {
	if s.lake == nil {
		return nil
	}
	return s.lake.Close(ctx)
}
