package cursor

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// interruptEvery is how often a statement whose time is over is interrupted: DuckDB
// forgets an interrupt that comes before the statement has begun.
const interruptEvery = 20 * time.Millisecond

// Statement is prepared, and may run again and again, once at a time. It must be closed
// before its connection. Not safe for concurrent use.
type Statement struct {
	stmt       *duckdb.Stmt
	handle     mapping.PreparedStatement
	connection mapping.Connection
}

// patient is a context that ends without saying so when asked: the driver, where
// it asks between two steps, would drop a statement half made, and with it a
// connection that DuckDB never gets rid of.
type patient struct{ context.Context }

func (patient) Err() error { return nil }

// Prepare prepares text, a single statement without side effects, on conn. What ctx ends
// stops soon, with the error of ctx.
//
// DuckDB makes the plan now, and by what the tables hold now: it does not look for what
// they cannot have. A statement that is to see rows of later must be prepared later.
func Prepare(ctx context.Context, conn driver.Conn, text string) (_ *Statement, err error) {
	c, ok := conn.(*duckdb.Conn)
	if !ok {
		return nil, fmt.Errorf("%T is no connection of DuckDB", conn)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	connection, err := handleIn(c, "conn")
	if err != nil {
		return nil, err
	}
	s := &Statement{connection: mapping.Connection{Ptr: connection}}
	defer interrupting(ctx, s.connection)()
	prepared, err := c.PrepareContext(patient{ctx}, text)
	if err != nil {
		return nil, ended(ctx, err)
	}
	s.stmt = prepared.(*duckdb.Stmt)
	if err := s.check(); err != nil {
		return nil, errors.Join(ended(ctx, err), s.Close())
	}
	return s, nil
}

// check refuses what is no SELECT, and finds the handle.
func (s *Statement) check() error {
	kind, err := s.stmt.StatementType()
	if err != nil {
		return err
	}
	if kind != duckdb.STATEMENT_TYPE_SELECT && kind != duckdb.STATEMENT_TYPE_EXPLAIN {
		return errors.New("only a SELECT gives rows")
	}
	s.handle.Ptr, err = handleIn(s.stmt, "preparedStmt")
	return err
}

// Close frees the statement.
func (s *Statement) Close() error { return s.stmt.Close() }

// ended is the error of ctx, when it ended what failed.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// handleIn returns the handle of the C interface that an object of the driver keeps
// for itself. The driver has no door for statements that stream.
func handleIn(object any, field string) (unsafe.Pointer, error) {
	v := reflect.ValueOf(object).Elem().FieldByName(field)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() == reflect.Struct {
		v = v.FieldByName("Ptr")
	}
	if v.Kind() != reflect.UnsafePointer || v.IsNil() {
		return nil, fmt.Errorf("this version of the DuckDB driver has no %s in %T", field, object)
	}
	return v.UnsafePointer(), nil
}

// interrupting interrupts what runs on connection when ctx ends. It no longer does so
// once stop has returned.
func interrupting(ctx context.Context, connection mapping.Connection) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	never := context.AfterFunc(ctx, func() {
		defer close(done)
		tick := time.NewTicker(interruptEvery)
		defer tick.Stop()
		for {
			mapping.Interrupt(connection)
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	})
	return func() {
		if !never() {
			close(quit)
			<-done
		}
	}
}

// execute runs the statement up to its first rows.
func (s *Statement) execute(result *mapping.Result) error {
	var pending mapping.PendingResult
	defer mapping.DestroyPending(&pending)
	// DuckDB means to replace this function, and has no other door to a stream yet.
	if duckdb_go_bindings.PendingPreparedStreaming(s.handle, &pending) == mapping.StateError {
		return &duckdb.Error{Msg: mapping.PendingError(pending)}
	}
	if mapping.ExecutePending(pending, result) == mapping.StateError {
		err := resultError(result)
		mapping.DestroyResult(result)
		return err
	}
	return nil
}

// resultError returns what went wrong with a result, if anything did.
func resultError(r *mapping.Result) error {
	text := mapping.ResultError(r)
	if text == "" {
		return nil
	}
	return &duckdb.Error{Type: duckdb.ErrorType(mapping.ResultErrorType(r)), Msg: text}
}
