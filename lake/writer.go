package lake

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/protocol"
)

// writer is the one connection that writes. Owned by the reader's goroutine.
type writer struct {
	conn  driver.Conn
	sinks map[*table]*sink
	feeds map[*table]*feed
	clock time.Time // of the newest message that is written: no earlier one comes after it
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
	ctx, clock := context.Background(), w.clock
	if err := w.exec(ctx, "BEGIN TRANSACTION"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			w.clock = clock
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
	for _, s := range w.sinks {
		if err := s.flush(nil); err != nil {
			return err
		}
	}
	q := fmt.Sprintf("UPDATE %s SET seq = ?, time = ?", positionTable)
	if err := w.exec(ctx, q, bound(position, w.clock)...); err != nil {
		return err
	}
	return w.exec(ctx, "COMMIT")
}

// tick returns the time of a message as the lake has it: in microseconds, and never
// before that of an earlier message, so that a clock that is set back disturbs
// nothing.
func (w *writer) tick(e *protocol.Entry) time.Time {
	if t := time.UnixMicro(time.Unix(0, e.Time).UnixMicro()).UTC(); t.After(w.clock) {
		w.clock = t
	}
	return w.clock
}

// bound returns what is bound to the parameters of a statement, in order.
func bound(values ...any) []driver.NamedValue {
	args := make([]driver.NamedValue, len(values))
	for i, v := range values {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return args
}

// discard drops the rows that were not flushed, and the appenders with them: after
// an error they are of no more use.
func (w *writer) discard() {
	for t, s := range w.sinks {
		_ = errors.Join(s.appender.Clear(), s.appender.Close())
		delete(w.sinks, t)
	}
}

// newWriter returns the writer on a connection of its own.
func newWriter(conn driver.Conn, tables []*table, clock time.Time) (*writer, error) {
	w := &writer{conn: conn, sinks: make(map[*table]*sink), feeds: make(map[*table]*feed), clock: clock}
	if err := w.makeFeeds(tables); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// makeFeeds makes the views: a driver that is told a view's name puts it where a name
// without a schema belongs.
func (w *writer) makeFeeds(tables []*table) error {
	ctx := context.Background()
	arrows, err := duckdb.NewArrowFromConn(w.conn)
	if err != nil {
		return err
	}
	if err := w.exec(ctx, "SET schema = "+quoteText(feedCatalog+".main")); err != nil {
		return err
	}
	for _, t := range tables {
		f, err := newFeed(arrows, t)
		if err != nil {
			return err
		}
		if f != nil {
			w.feeds[t] = f
		}
	}
	return w.exec(ctx, "RESET schema")
}

func (w *writer) close() error {
	w.discard()
	err := w.conn.Close()
	for _, f := range w.feeds {
		f.release()
	}
	return err
}
