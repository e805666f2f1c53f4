package cursor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/lake/cursor"
)

// A run that was not read to its end leaves no transaction, which would forbid checkpoints.
func TestUnreadRunsEnd(t *testing.T) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.Exec("CREATE TABLE t AS SELECT i FROM range(1000000) r(i)"); err != nil {
		t.Fatal(err)
	}
	checkpoint := func(when string) {
		t.Helper()
		if _, err := db.Exec("INSERT INTO t VALUES (1)"); err != nil {
			t.Error(err)
		}
		if _, err := db.Exec("CHECKPOINT"); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	for _, read := range []int{0, 1} {
		c, err := cursor.Open(t.Context(), conn, "SELECT i FROM t", nil)
		if err != nil {
			t.Fatal(err)
		}
		for range read {
			if _, err := c.Next(); err != nil {
				t.Error(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		checkpoint("closed early")
	}
	if _, err := cursor.Open(t.Context(), conn, "SELECT INTERVAL 1 DAY, i FROM t", nil); err == nil {
		t.Error("an interval passed")
	}
	checkpoint("unfit")
	ctx, cancel := context.WithCancel(t.Context())
	c, err := cursor.Open(ctx, conn, "SELECT i FROM t", nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := c.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	checkpoint("cancelled")
}

// A statement runs again after whatever became of the run before.
func TestStatementRunsAgain(t *testing.T) {
	conn := connect(t, "CREATE TABLE t AS SELECT i FROM range(100000) r(i)")
	s, err := cursor.Prepare(t.Context(), conn, "SELECT i FROM t WHERE i >= $1")
	if err != nil {
		t.Fatal(err)
	}
	arg := func(i int64) []driver.NamedValue { return []driver.NamedValue{{Ordinal: 1, Value: i}} }
	for i := range int64(5) {
		c, err := s.Open(t.Context(), arg(i))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := c.Next()
		if err != nil || rows.NumRows() < 1000 || rows.Column(0).(*array.Int64).Value(0) != i {
			t.Errorf("%d: %v", i, err)
		}
		if err := c.Close(); err != nil { // in the middle
			t.Fatal(err)
		}
		c, err = s.Open(t.Context(), arg(99_999))
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := c.Next(); err != nil || rows.NumRows() != 1 {
			t.Errorf("%d: %v", i, err)
		}
		if rows, err := c.Next(); err != nil || rows != nil {
			t.Errorf("%d: %v, %v", i, rows, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Open(gone, arg(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
