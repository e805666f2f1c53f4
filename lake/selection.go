package lake

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/protocol"
)

// selection is what query_T asks of a table.
type selection struct {
	question
	table   *table
	instant time.Time // with when: the table as it was then
	mixed   bool      // rows that are history by now are among those of then
}

// query answers query_T.
func (l *Lake) query(ctx context.Context, t *table, args *protocol.Payload) (protocol.DataFrame, error) {
	q, err := queryOf(args, "where", "cols", "when", "limit", "offset")
	if err != nil {
		return nil, err
	}
	s := &selection{question: q, table: t}
	if q.when != nil {
		if s.instant, err = instantFrom(q.when, l.opts.Timezone); err != nil {
			return nil, err
		}
	}
	return l.asking(ctx, func(ctx context.Context, conn *session, g *guard.Guard) (protocol.DataFrame, error) {
		if err := s.check(ctx, g); err != nil {
			return nil, err
		}
		if !s.scattered() {
			return l.selected(ctx, conn, s)
		}
		return l.inOneState(ctx, conn, func() (protocol.DataFrame, error) {
			if err := s.look(ctx, conn); err != nil {
				return nil, err
			}
			return l.selected(ctx, conn, s)
		})
	})
}

// selected returns the rows of a selection that is checked.
func (l *Lake) selected(ctx context.Context, conn *session, s *selection) (protocol.DataFrame, error) {
	text, values := s.text()
	return l.result(ctx, conn, text, values)
}

// inOneState calls fn, whose queries see the lake as it is at the first of them.
func (l *Lake) inOneState(ctx context.Context, conn *session, fn func() (protocol.DataFrame, error)) (frame protocol.DataFrame, err error) {
	ctx = context.WithoutCancel(ctx) // see patient
	conn.frozen = true
	defer func() { conn.frozen = false }()
	if _, err := conn.conn.ExecContext(ctx, "BEGIN TRANSACTION READ ONLY"); err != nil {
		return nil, err
	}
	defer func() {
		_, end := conn.conn.ExecContext(ctx, "ROLLBACK")
		err = errors.Join(err, end)
	}()
	return fn()
}

// check lets the guard look at what comes from outside.
func (s *selection) check(ctx context.Context, g *guard.Guard) error {
	switch {
	case s.cols != nil:
		return g.Select(ctx, s.table.guarded(), s.cols, s.where)
	case s.where != "":
		return g.Where(ctx, s.table.guarded(), s.where)
	}
	return nil
}

// text returns the query and the values that are bound.
func (s *selection) text() (text string, values []driver.NamedValue) {
	list := quoteAll("", s.table.names)
	if s.cols != nil {
		list = strings.Join(s.cols, "\n,\n")
	}
	from, values := s.source()
	text = "SELECT\n" + list + "\nFROM " + from
	if s.where != "" {
		text += " WHERE (\n" + s.where + "\n)"
	}
	if s.limit >= 0 {
		text += fmt.Sprintf(" LIMIT %d", s.limit)
	}
	if s.offset > 0 {
		text += fmt.Sprintf(" OFFSET %d", s.offset)
	}
	return text, values
}

// source returns what stands for the table. DuckDB reads a table in the order in
// which rows were added, and keeps the order of a subquery.
func (s *selection) source() (text string, values []driver.NamedValue) {
	t := s.table
	name := quoteIdent(t.Name)
	if s.when == nil && !s.sorted() {
		return name, nil
	}
	names := quoteAll("", t.names)
	text = t.rows
	if s.when != nil {
		text = fmt.Sprintf(`(SELECT %[1]s, %[2]s, %[3]s FROM %[4]s WHERE %[6]s <= $1
			UNION ALL SELECT %[1]s, %[2]s, %[3]s FROM %[5]s WHERE %[6]s <= $1 AND %[7]s > $1)`,
			names, seqColumn, rowColumn, t.rows, t.past, fromColumn, untilColumn)
		values = bound(s.instant)
	}
	text = fmt.Sprintf("(SELECT %s FROM %s", names, text)
	if s.sorted() {
		text += " ORDER BY " + t.order()
	}
	return text + ") AS " + name, values
}

// order are the columns that give every row its place.
func (t *table) order() string {
	if len(t.keys) > 0 {
		return quoteAll("", t.Keys)
	}
	return seqColumn + ", " + rowColumn
}

// sorted reports whether the rows must be put into order: those with keys, because a
// change moves them to the end of the table, and those that come from two tables.
func (s *selection) sorted() bool { return s.paged && (len(s.table.keys) > 0 || s.mixed) }

// scattered reports whether the rows of a table without keys may come from two
// tables, and in an order that matters.
func (s *selection) scattered() bool {
	return s.paged && s.when != nil && len(s.table.keys) == 0
}

// look finds out whether they do.
func (s *selection) look(ctx context.Context, conn *session) error {
	q := fmt.Sprintf("SELECT EXISTS (FROM %s WHERE %s <= $1 AND %s > $1)", s.table.past, fromColumn, untilColumn)
	return conn.conn.QueryRowContext(patient{ctx}, q, s.instant).Scan(&s.mixed)
}
