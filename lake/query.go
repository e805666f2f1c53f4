package lake

import (
	"context"
	"errors"
	"path/filepath"
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
	return l.reading(func(s *store) error { return s.guard.Where(ctx, t.guarded(), where) })
}

// asked is what a query does on a session that it has for itself.
type asked func(ctx context.Context, s *session, g *guard.Guard) (protocol.DataFrame, error)

// asking calls fn in its turn, when the lake has what the log has now, with a session
// of its own and the time that a query has.
func (l *Lake) asking(ctx context.Context, fn asked) (frame protocol.DataFrame, err error) {
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
	ctx, stop := watched(ctx, bytesOf(l.opts.MemoryLimit), l.dir())
	defer stop()
	err = l.reading(func(s *store) (err error) {
		q := <-s.sessions // one for each slot
		defer func() { s.sessions <- q }()
		frame, err = fn(ctx, q, s.guard)
		return err
	})
	switch {
	case err != nil && errors.Is(context.Cause(ctx), errMemory):
		err = tooMuchMemory()
	case err != nil && errors.Is(context.Cause(ctx), errDisk):
		err = tooMuchDisk()
	}
	return frame, err
}

// dir is the directory of the file, "" when there is none.
func (l *Lake) dir() string {
	if inMemory(l.opts.Path) {
		return ""
	}
	return filepath.Dir(l.opts.Path)
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
