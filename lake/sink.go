package lake

import (
	"context"
	"database/sql/driver"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/duckdb/duckdb-go/v2"
)

// sink takes the rows of one table within a transaction: right into the table, or
// into its staging area, which a flush empties.
type sink struct {
	writer   *writer
	table    *table
	appender *duckdb.Appender
	used     bool // since the last flush
	row      []driver.Value
}

// place is where a row came from.
type place struct {
	seq  uint64
	row  uint32
	from driver.Value // the time.Time from which it is valid
}

// sink returns where rows of t go.
func (w *writer) sink(t *table) (_ *sink, err error) {
	if s := w.sinks[t]; s != nil {
		return s, nil
	}
	s := &sink{writer: w, table: t}
	if t.staged {
		for _, q := range t.areas() {
			if err := w.exec(context.Background(), q); err != nil {
				return nil, err
			}
		}
		s.appender, err = duckdb.NewAppender(w.conn, "temp", "main", t.stagedName())
	} else {
		s.appender, err = duckdb.NewAppenderWithColumns(w.conn, "", rowsSchema, t.Name, t.physical())
	}
	if err != nil {
		return nil, err
	}
	w.sinks[t] = s
	return s, nil
}

// add takes one row: the columns and extras of the table, of which a deletion needs
// the keys.
func (s *sink) add(values []any, at place, deletion bool) error {
	s.row = s.row[:0]
	for _, v := range values {
		s.row = append(s.row, v)
	}
	s.row = append(s.row, at.seq, at.row, at.from)
	if s.table.staged {
		s.row = append(s.row, deletion)
	}
	s.used = true
	return s.appender.AppendRow(s.row...)
}

// feed takes the rows of a DataFrame, none of which is a deletion.
func (s *sink) feed(columns [][]arrow.Array, at place) error {
	if err := s.appender.Flush(); err != nil { // what came first goes first
		return err
	}
	f := s.writer.feeds[s.table]
	f.set(columns)
	defer f.set(nil)
	s.used = true
	return s.writer.exec(context.Background(), s.table.feed(f.view), bound(at.seq, at.from)...)
}

// flush brings what was added into the table; overwrite is for [table.flush].
func (s *sink) flush(overwrite []bool) error {
	if !s.used {
		return nil
	}
	s.used = false
	if err := s.appender.Flush(); err != nil || !s.table.staged {
		return err
	}
	for _, q := range s.table.flush(overwrite) {
		if err := s.writer.exec(context.Background(), q); err != nil {
			return err
		}
	}
	return nil
}
