package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rembus-go/rembus/internal/arrowipc"
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
	return fn(l.store)
}

// checkWhere lets the guard look at a condition.
func (l *Lake) checkWhere(ctx context.Context, t *table, where string) error {
	return l.reading(func(s *store) error { return guard.New(s.db).Where(ctx, t.guarded(), where) })
}

// query answers query_T.
func (l *Lake) query(ctx context.Context, t *table, args *protocol.Payload) (frame protocol.DataFrame, err error) {
	q, err := queryOf(args, "where", "cols", "when")
	if err != nil {
		return nil, err
	}
	if q.when {
		return nil, exception("when is not supported yet")
	}
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
	err = l.reading(func(s *store) error {
		frame, err = l.ask(ctx, s, t, q)
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

// ask checks and runs the query on a connection of its own.
func (l *Lake) ask(ctx context.Context, s *store, t *table, q question) (frame protocol.DataFrame, err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	text, err := selection(ctx, conn, t, q)
	if err != nil {
		return nil, err
	}
	text = fmt.Sprintf("%s LIMIT %d", text, l.opts.MaxRows+1)
	err = conn.Raw(func(c any) error {
		rows, err := c.(driver.QueryerContext).QueryContext(patient{ctx}, text, nil)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		frame, err = l.collect(ctx, rows)
		return errors.Join(err, rows.Close())
	})
	return frame, err
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

// collect turns rows into an IPC stream within the limits.
func (l *Lake) collect(ctx context.Context, rows driver.Rows) (protocol.DataFrame, error) {
	r, err := newResult(rows)
	if err != nil {
		return nil, err
	}
	w := arrowipc.NewWriter(r.schema, l.opts.MaxBytes)
	for n := 0; ; n++ {
		if n > l.opts.MaxRows {
			return nil, exception("more than %d rows: narrow the condition (where), or read in parts", l.opts.MaxRows)
		}
		err := rows.Next(r.row)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = r.add()
		}
		if err != nil {
			return nil, err
		}
		if r.full() {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err := l.tooLarge(w.Write(r.batch())); err != nil {
				return nil, err
			}
		}
	}
	if err := l.tooLarge(w.Write(r.batch())); err != nil {
		return nil, err
	}
	frame, err := w.Bytes()
	return frame, err
}

func (l *Lake) tooLarge(err error) error {
	if errors.Is(err, arrowipc.ErrTooLarge) {
		return exception("more than %d bytes: ask for fewer columns (cols), narrow the condition (where), or read in parts", l.opts.MaxBytes)
	}
	return err
}
