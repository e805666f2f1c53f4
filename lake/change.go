package lake

import (
	"context"
	"errors"
	"fmt"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// change is what one entry of the log does to its table.
type change struct {
	entry *protocol.Entry
	table *table

	rows      [][]any            // one or more rows,
	frame     protocol.DataFrame // or those of a DataFrame,
	deletion  bool               // or a deletion of
	where     string             // the rows that match, "" for all
	vars      schema.Vars        // of the topic, for a DataFrame
	overwrite []bool             // columns that are replaced even by NULL; nil: by values only
	upsert    bool               // all rows or none
	nulls     bool               // an upsert that overwrites with NULL

	refused uint64 // rows left out when it was written
	reason  error  // of the first
}

// changeOf returns what an entry does; nil when it belongs to no table.
func (l *Lake) changeOf(e *protocol.Entry) (_ *change, err error) {
	defer recovered(&err)
	if e.Kind != protocol.EntryPub {
		t := l.tables[e.Msg.Topic]
		if t == nil {
			return nil, exception("no table %q", e.Msg.Topic)
		}
		if e.Kind == protocol.EntryUpsert {
			return t.upsertOf(e)
		}
		return t.deletionOf(e)
	}
	st, vars := l.opts.Schema.Match(e.Msg.Topic)
	if st == nil {
		return nil, nil
	}
	c := &change{entry: e, table: l.tables[st.Name]}
	if frame, ok := schema.Frame(e.Msg.Data); ok {
		c.frame, c.vars = frame, vars
		return c, nil
	}
	row, err := st.Row(e, vars)
	if err != nil {
		return nil, err
	}
	c.rows = [][]any{row}
	return c, nil
}

// culprit is an error of a change that is known to be its own.
type culprit struct {
	index int
	err   error
}

func (c *culprit) Error() string { return c.err.Error() }

func (c *culprit) Unwrap() error { return c.err }

// write makes the change within the transaction of w.
func (l *Lake) write(ctx context.Context, w *writer, c *change) error {
	s, err := w.sink(c.table)
	if err != nil {
		return err
	}
	if c.deletion {
		if err := s.flush(); err != nil {
			return err
		}
		return l.delete(ctx, w, c)
	}
	f, err := c.decode()
	if err != nil {
		// DuckDB saw nothing of it, so the transaction goes on.
		c.refused, c.reason = 1, err
		return nil
	}
	if f.overwrite == nil {
		return c.fill(f, s)
	}
	if err := s.flush(); err != nil {
		return err
	}
	return c.replace(f, w)
}

// replace merges the rows by themselves, NULL overwriting what is there.
func (c *change) replace(f *source, w *writer) (err error) {
	a, err := w.stage(c.table, c.table.mergeWhole(f.overwrite))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Clear())
		}
		err = errors.Join(err, a.Close())
	}()
	s := &sink{table: c.table, appender: a}
	if err := c.fill(f, s); err != nil {
		return err
	}
	return s.flush()
}

// fill adds the rows to a sink, those left out that do not fit.
func (c *change) fill(f *source, s *sink) error {
	c.refused, c.reason = 0, nil
	for i := range f.rows {
		row, err := f.row(i)
		if err != nil {
			if c.refused++; c.reason == nil {
				c.reason = fmt.Errorf("row %d: %w", i+1, err)
			}
			continue
		}
		if err := s.add(row, c.entry.Seq); err != nil {
			return err
		}
	}
	return nil
}

// delete runs the deletion, whose condition has passed the guard.
func (l *Lake) delete(ctx context.Context, w *writer, c *change) error {
	q := fmt.Sprintf("DELETE FROM %s AS %s", c.table.rows, quoteIdent(c.table.Name))
	if c.where != "" {
		err := l.checkWhere(ctx, c.table, c.where)
		if refusal := (*guard.Refusal)(nil); errors.As(err, &refusal) {
			c.refused, c.reason = 1, err
			return nil
		}
		if err != nil {
			return err
		}
		q += " WHERE (\n" + c.where + "\n)"
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.QueryTimeout)
	defer cancel()
	if err := w.exec(ctx, q); err != nil {
		if ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = ctx.Err()
		}
		return err
	}
	return nil
}
