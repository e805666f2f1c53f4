package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"time"

	"github.com/rembus-go/rembus/lake/cursor"
	"github.com/rembus-go/rembus/protocol"
)

// What is worth to be kept: DuckDB makes a plan in some 0.2 ms. What a plan computed
// stays in memory until it runs again, which bounds how long it may have run.
const (
	mostPlans   = 8
	mostPlanned = 4 << 10 // bytes of text
	shortRun    = 10 * time.Millisecond
)

// session is a connection that one query has for itself, with the statements that ran
// on it last.
type session struct {
	conn   *sql.Conn
	writes *writes
	frozen bool   // a transaction runs, so that statements see tables as they were
	plans  []plan // the newest first
}

// plan is a statement with the state of the tables that DuckDB made its plan for: what
// the smallest and largest values say is never there, the plan does not look for.
type plan struct {
	text  string
	state uint64
	stmt  *cursor.Statement
}

// take removes the plan of a text and returns its statement, nil when there is none for
// that state.
func (s *session) take(text string, state uint64) (stmt *cursor.Statement, err error) {
	at := slices.IndexFunc(s.plans, func(p plan) bool { return p.text == text })
	if at < 0 {
		return nil, nil
	}
	p := s.plans[at]
	s.plans = slices.Delete(s.plans, at, at+1)
	if p.state != state {
		return nil, p.stmt.Close()
	}
	return p.stmt, nil
}

// keep makes p the newest plan, or closes it when it is not worth it.
func (s *session) keep(p plan, ran time.Duration) (err error) {
	if ran > shortRun || len(p.text) > mostPlanned || !settled(p.state) || s.writes.state() != p.state {
		return p.stmt.Close()
	}
	if len(s.plans) == mostPlans {
		err = s.plans[mostPlans-1].stmt.Close()
		s.plans = s.plans[:mostPlans-1]
	}
	s.plans = slices.Insert(s.plans, 0, p)
	return err
}

// run runs text, a SELECT, and gathers its rows by collect.
func (s *session) run(ctx context.Context, text string, args []driver.NamedValue, collect func(*cursor.Cursor) (protocol.DataFrame, error)) (frame protocol.DataFrame, err error) {
	err = s.conn.Raw(func(c any) (err error) {
		if len(args) > 0 || s.frozen { // of values which DuckDB makes a new plan each time anyway
			frame, err = once(ctx, c.(driver.Conn), text, args, collect)
			return err
		}
		frame, err = s.again(ctx, c.(driver.Conn), text, collect)
		return err
	})
	return frame, err
}

// again runs a text by the plan that is there for it, if there is one.
func (s *session) again(ctx context.Context, conn driver.Conn, text string, collect func(*cursor.Cursor) (protocol.DataFrame, error)) (protocol.DataFrame, error) {
	p := plan{text: text, state: s.writes.state()}
	began := time.Now()
	var err error
	if p.stmt, err = s.take(text, p.state); err != nil {
		return nil, err
	}
	if p.stmt != nil {
		frame, err := gather(ctx, p.stmt, nil, collect)
		if s.writes.state() == p.state { // the statement has not seen other tables than its plan
			if err != nil {
				return nil, errors.Join(err, p.stmt.Close())
			}
			return frame, s.keep(p, time.Since(began))
		}
		if err := p.stmt.Close(); err != nil {
			return nil, err
		}
		p.state = s.writes.state()
	}
	if p.stmt, err = cursor.Prepare(ctx, conn, text); err != nil {
		return nil, err
	}
	frame, err := gather(ctx, p.stmt, nil, collect)
	if err != nil {
		return nil, errors.Join(err, p.stmt.Close())
	}
	return frame, s.keep(p, time.Since(began))
}

// once runs a text by a plan of its own.
func once(ctx context.Context, conn driver.Conn, text string, args []driver.NamedValue, collect func(*cursor.Cursor) (protocol.DataFrame, error)) (frame protocol.DataFrame, err error) {
	stmt, err := cursor.Prepare(ctx, conn, text)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	return gather(ctx, stmt, args, collect)
}

// gather runs a statement.
func gather(ctx context.Context, stmt *cursor.Statement, args []driver.NamedValue, collect func(*cursor.Cursor) (protocol.DataFrame, error)) (frame protocol.DataFrame, err error) {
	rows, err := stmt.Open(ctx, args)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return collect(rows)
}

func (s *session) close() (err error) {
	for _, p := range s.plans {
		err = errors.Join(err, p.stmt.Close())
	}
	return errors.Join(err, s.conn.Close())
}
