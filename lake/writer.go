package lake

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/duckdb/duckdb-go/v2"
)

// writer is the one connection that writes. Owned by the reader's goroutine.
type writer struct {
	conn   driver.Conn
	tables map[*table]*sink
}

// sink takes the rows of one table within a transaction: for a table without
// keys they go into it, else into a staging area that a flush merges.
type sink struct {
	table    *table
	appender *duckdb.Appender
	order    uint64
	used     bool // since the last flush
	row      []driver.Value
}

// patient is a context that ends without saying so when asked: the driver, where
// it asks between two steps, would drop a statement half made, and with it a
// connection that DuckDB never gets rid of. It still interrupts what runs.
type patient struct{ context.Context }

func (patient) Err() error { return nil }

// exec runs one statement, which ctx interrupts.
func (w *writer) exec(ctx context.Context, q string, args ...driver.NamedValue) error {
	_, err := w.conn.(driver.ExecerContext).ExecContext(patient{ctx}, q, args)
	return err
}

// transaction runs write and moves the position in one transaction. Nothing
// interrupts it but an error.
func (w *writer) transaction(position uint64, write func() error) (err error) {
	ctx := context.Background()
	if err := w.exec(ctx, "BEGIN TRANSACTION"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.discard()
			// It fails when DuckDB has rolled back by itself.
			_ = w.exec(ctx, "ROLLBACK")
		}
	}()
	if write != nil {
		if err := write(); err != nil {
			return err
		}
	}
	for _, s := range w.tables {
		if err := s.flush(); err != nil {
			return err
		}
	}
	q := fmt.Sprintf("UPDATE %s SET seq = ?", positionTable)
	if err := w.exec(ctx, q, driver.NamedValue{Ordinal: 1, Value: position}); err != nil {
		return err
	}
	return w.exec(ctx, "COMMIT")
}

// sink returns where rows of t go.
func (w *writer) sink(t *table) (*sink, error) {
	if s := w.tables[t]; s != nil {
		return s, nil
	}
	s := &sink{table: t}
	var err error
	if !t.staged {
		s.appender, err = duckdb.NewAppenderWithColumns(w.conn, "", rowsSchema, t.Name, append(slices.Clone(t.names), seqColumn))
	} else {
		s.appender, err = w.stage(t, t.merge)
	}
	if err != nil {
		return nil, err
	}
	w.tables[t] = s
	return s, nil
}

// stage returns an appender whose flush runs a merge.
func (w *writer) stage(t *table, merge string) (*duckdb.Appender, error) {
	types, names, err := t.stageTypes()
	if err != nil {
		return nil, err
	}
	return duckdb.NewQueryAppender(w.conn, merge, "staged", types, names)
}

// add takes one row: the columns and extras of the table.
func (s *sink) add(values []any, seq uint64) error {
	s.row = s.row[:0]
	for _, v := range values {
		s.row = append(s.row, v)
	}
	s.row = append(s.row, seq)
	if s.table.staged {
		s.order++
		s.row = append(s.row, s.order)
	}
	s.used = true
	return s.appender.AppendRow(s.row...)
}

func (s *sink) flush() error {
	if !s.used {
		return nil
	}
	s.used = false
	return s.appender.Flush()
}

// discard drops the rows that were not flushed, and the appenders with them: after
// an error they are of no more use.
func (w *writer) discard() {
	for t, s := range w.tables {
		_ = errors.Join(s.appender.Clear(), s.appender.Close())
		delete(w.tables, t)
	}
}

func (w *writer) close() error {
	w.discard()
	return w.conn.Close()
}
