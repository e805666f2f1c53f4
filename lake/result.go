package lake

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake/cursor"
	"github.com/rembus-go/rembus/protocol"
)

// result runs text, a SELECT that is checked or our own, and gathers its rows within
// the limits: it reads no more than it may give.
func (l *Lake) result(ctx context.Context, s *session, text string, args []driver.NamedValue) (protocol.DataFrame, error) {
	frame, err := s.run(ctx, text, args, l.collect)
	return frame, plain(err)
}

// collect turns rows into an IPC stream.
func (l *Lake) collect(rows *cursor.Cursor) (protocol.DataFrame, error) {
	w := arrowipc.NewWriter(rows.Schema(), l.opts.MaxBytes)
	for n := 0; ; {
		b, err := rows.Next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			return w.Bytes()
		}
		if n += int(b.NumRows()); n > l.opts.MaxRows {
			return nil, exception("the result has more than %d rows: narrow the condition, or page with limit and offset", l.opts.MaxRows)
		}
		err = w.Write(b)
		if errors.Is(err, arrowipc.ErrTooLarge) {
			return nil, exception("the result has more than %d bytes: ask for fewer columns, narrow the condition, or page with limit and offset", l.opts.MaxBytes)
		}
		if err != nil {
			return nil, err
		}
	}
}

// plain says in words of ours what a caller can do about.
func plain(err error) error {
	var u *cursor.Unfit
	var d *duckdb.Error
	switch {
	case errors.As(err, &u):
		return exception("%s", u.Reason)
	case errors.As(err, &d) && d.Type == duckdb.ErrorTypeOutOfMemory:
		return tooMuchMemory()
	case errors.As(err, &d) && says(d, "No space left on device"):
		return tooMuchDisk()
	}
	return err
}

func tooMuchDisk() error {
	return exception("the query needs more room on the disk than there is: narrow the condition, or group, sort or join less")
}

func tooMuchMemory() error {
	return exception("the query needs more memory than the lake has: narrow the condition, or group, sort or join less")
}
