package lake

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/protocol"
)

// catchUp is how long a query waits for a lake that fails to reach the end of the
// log; one that is at work has half of the time that the query has.
const catchUp = time.Second

// reading calls fn with the open file, which stays open until it returns.
func (l *Lake) reading(fn func(*store) error) error {
	l.storeMu.RLock()
	defer l.storeMu.RUnlock()
	if l.store == nil {
		return exception("the lake is not available now")
	}
	return l.noticed(fn(l.store))
}

// checkWhere lets the guard look at a condition.
func (l *Lake) checkWhere(ctx context.Context, t *table, where string) error {
	return l.reading(func(s *store) error { return guard.New(s.db).Where(ctx, t.guarded(), where) })
}

// query answers query_T.
func (l *Lake) query(ctx context.Context, t *table, args *protocol.Payload) (protocol.DataFrame, error) {
	q, err := queryOf(args, "where", "cols", "when")
	if err != nil {
		return nil, err
	}
	if q.when {
		return nil, exception("when is not supported yet")
	}
	return l.asking(ctx, func(ctx context.Context, conn *sql.Conn) (protocol.DataFrame, error) {
		text, err := selection(ctx, conn, t, q)
		if err != nil {
			return nil, err
		}
		return l.result(ctx, conn, text, nil)
	})
}

// asking calls fn in its turn, when the lake has what the log has now, with a connection
// of its own and the time that a query has.
func (l *Lake) asking(ctx context.Context, fn func(context.Context, *sql.Conn) (protocol.DataFrame, error)) (frame protocol.DataFrame, err error) {
	l.queries.Add(1)
	defer l.queries.Done()
	ctx, cancel := context.WithTimeout(ctx, l.opts.QueryTimeout)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()

	l.level(ctx)
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	err = l.reading(func(s *store) (err error) {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		frame, err = fn(ctx, conn)
		return err
	})
	return frame, err
}

// level waits until the lake has what the log has now. A lake that cannot keep
// up answers with what it has.
func (l *Lake) level(ctx context.Context) {
	if l.log == nil {
		return
	}
	end := l.log.End()
	if l.progress.at() >= end {
		return
	}
	l.log.Commit()
	l.progress.expect(end)
	l.kick()
	err := l.awaitLevel(ctx, end, catchUp)
	if patience := l.opts.QueryTimeout/2 - catchUp; err != nil && patience > 0 && l.Health() == nil {
		err = l.awaitLevel(ctx, end, patience)
	}
	if err != nil {
		l.opts.Logger.Warn("a query is answered without the newest messages", "behind", end-min(end, l.progress.at()))
	}
}

// awaitLevel waits for at most d until everything up to seq is in the lake.
func (l *Lake) awaitLevel(ctx context.Context, seq uint64, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return l.progress.wait(ctx, seq)
}

// selection returns the text of the query, checked.
func selection(ctx context.Context, conn *sql.Conn, t *table, q question) (text string, err error) {
	g := guard.New(conn)
	list := quoteAll("", t.names)
	switch {
	case q.cols != nil:
		err = g.Select(ctx, t.guarded(), q.cols, q.where)
		list = strings.Join(q.cols, "\n,\n")
	case q.where != "":
		err = g.Where(ctx, t.guarded(), q.where)
	}
	if err != nil {
		return "", err
	}
	text = "SELECT\n" + list + "\nFROM " + quoteIdent(t.Name)
	if q.where != "" {
		text += " WHERE (\n" + q.where + "\n)"
	}
	return text, nil
}
