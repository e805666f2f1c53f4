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
	one       [1][]any           // (room for one)
	frame     protocol.DataFrame // or those of a DataFrame,
	deletion  bool               // or a deletion of
	where     string             // the rows that match, "" for all
	vars      schema.Vars        // of the topic, for a DataFrame
	keysOnly  bool               // the rows have nothing but keys, and are deleted
	overwrite []bool             // columns that are replaced even by NULL; nil: by values only
	upsert    bool               // all rows or none
	nulls     bool               // an upsert that overwrites with NULL

	bad        error       // why it is refused as a whole
	unkept     bool        // and not even the table rejected takes it
	refused    uint64      // rows left out when it was written
	reason     error       // of the first
	rejections []rejection // the first of them, when it was not the whole
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
	c := &change{entry: e, table: l.tables[st.Name], keysOnly: vars.Deletes()}
	if frame, ok := schema.Frame(e.Msg.Data); ok {
		c.frame, c.vars = frame, vars
		return c, nil
	}
	read := st.Row
	if c.keysOnly {
		read = st.Key
	}
	row, err := read(e, vars)
	if err != nil {
		return nil, err
	}
	c.one[0] = row
	c.rows = c.one[:]
	return c, nil
}

// culprit is an error of a change that is known to be its own. apply sets the index.
type culprit struct {
	index int
	err   error
}

func (c *culprit) Error() string { return c.err.Error() }

func (c *culprit) Unwrap() error { return c.err }

// write makes the change within the transaction of w.
func (l *Lake) write(ctx context.Context, w *writer, c *change) error {
	c.refused, c.reason, c.rejections = 0, nil, nil
	if c.bad != nil {
		c.refused, c.reason = 1, c.bad
		return nil
	}
	s, err := w.sink(c.table)
	if err != nil {
		return err
	}
	if c.deletion {
		if err := s.flush(nil); err != nil { // not the deletion's fault
			return err
		}
		err := l.delete(ctx, w, c)
		if err != nil && causeOf(err) == causeRow {
			return &culprit{err: err}
		}
		return err
	}
	if c.plain() {
		return c.fillPlain(s, place{seq: c.entry.Seq, from: w.tick(c.entry)})
	}
	f, err := c.source()
	if err != nil {
		// DuckDB saw nothing of it, so the transaction goes on.
		c.refused, c.reason = 1, err
		return nil
	}
	at := place{seq: c.entry.Seq, from: w.tick(c.entry)}
	if f.overwrite == nil {
		return c.fill(f, s, at)
	}
	// Its NULLs count, so it is folded by itself.
	if err := s.flush(nil); err != nil {
		return err
	}
	if err := c.fill(f, s, at); err != nil {
		return err
	}
	return s.flush(f.overwrite)
}

// plain reports whether the rows need no more than to be added: most changes.
func (c *change) plain() bool { return c.frame == nil && !c.keysOnly && c.overwrite == nil }

func (c *change) fillPlain(s *sink, at place) error {
	for i, row := range c.rows {
		at.row = uint32(i)
		if err := s.add(row, at, false); err != nil {
			return err
		}
	}
	return nil
}

// source returns the rows, with a place for each column.
func (c *change) source() (*source, error) {
	if !c.keysOnly {
		return c.decode()
	}
	keys := &source{rows: len(c.rows), row: func(i int) ([]any, error) { return c.rows[i], nil }}
	if c.frame != nil {
		var err error
		if keys, _, err = c.frameRows(c.table.keys, nil); err != nil {
			return nil, err
		}
	}
	row := make([]any, len(c.table.names))
	return &source{rows: keys.rows, row: func(i int) ([]any, error) {
		values, err := keys.row(i)
		for k, v := range values {
			row[c.table.keys[k]] = v
		}
		return row, err
	}}, nil
}

// fill adds the rows to a sink, those left out that do not fit.
func (c *change) fill(f *source, s *sink, at place) error {
	if f.columns != nil {
		return s.feed(f.columns, at)
	}
	for i := range f.rows {
		row, err := f.row(i)
		if err != nil {
			c.reject(i, err)
			continue
		}
		at.row = uint32(i)
		if err := s.add(row, at, c.keysOnly); err != nil {
			return err
		}
	}
	return nil
}

// delete runs the deletion, whose condition has passed the guard. What it takes away
// is history.
func (l *Lake) delete(ctx context.Context, w *writer, c *change) error {
	t, where := c.table, ""
	if c.where != "" {
		err := l.checkWhere(ctx, t, c.where)
		if refusal := (*guard.Refusal)(nil); errors.As(err, &refusal) {
			c.refused, c.reason = 1, err
			return nil
		}
		if err != nil {
			return err
		}
		where = " WHERE (\n" + c.where + "\n)"
	}
	from := t.rows + " AS " + quoteIdent(t.Name) + where
	all := quoteAll("", t.physical())
	ctx, cancel := context.WithTimeout(ctx, l.opts.QueryTimeout)
	defer cancel()
	q := fmt.Sprintf("INSERT INTO %s (%s, %s) SELECT %s, ? FROM %s", t.past, all, untilColumn, all, from)
	err := w.exec(ctx, q, bound(w.tick(c.entry))...)
	if err == nil {
		err = w.exec(ctx, "DELETE FROM "+from)
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return err
}
