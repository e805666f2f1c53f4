package lake_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/lake"
)

// expired is a context that leaves no time to drain.
func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestCloseDrains(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	log := &memLog{}
	o := lake.Options{Path: path, Schema: parse(t, tables), BatchInterval: time.Hour}
	l, err := lake.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l.Start(log)
	for i := range 1000 {
		log.publish(t, "counter", row{"k": i})
	}
	log.Commit()
	for range 10 {
		log.publish(t, "elsewhere", 1) // not durable
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := l.Procedures(log.submit)["query_counter"](t.Context(), "", nil); err == nil {
		t.Error("a closed lake answers")
	}
	if err := l.Await(t.Context(), 1011); !errors.Is(err, lake.ErrClosed) {
		t.Errorf("got %v", err)
	}
	b := start(t, log, func(o *lake.Options) { o.Path = path })
	b.want("query_counter", row{"cols": "count(*) AS n, max(k) AS k"}, `[{"n":1000,"k":999}]`)
}

// What Close had no time for is read from the log at the next start; nothing comes twice.
func TestReopenGoesOnFromThePosition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	log := &memLog{}
	for i := range 30 {
		for range 100 {
			log.publish(t, "telemetry", row{"n": i})
		}
		log.Commit()
		l, err := lake.Open(t.Context(), lake.Options{Path: path, Schema: parse(t, tables), BatchRows: 37})
		if err != nil {
			t.Fatal(err)
		}
		l.Start(log)
		ctx := t.Context()
		if i%3 > 0 {
			ctx = expired()
		}
		if err := l.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	b := start(t, log, func(o *lake.Options) { o.Path = path })
	b.want("query_telemetry", row{"cols": "count(*) AS n, sum(n) AS s"}, `[{"n":3000,"s":43500}]`)
	if b.Position() != 3000 {
		t.Errorf("position %d", b.Position())
	}
}

// The hidden column holds the position in the log; the view does not have it.
func TestPhysicalTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	log := &memLog{}
	b := start(t, log, func(o *lake.Options) { o.Path = path })
	log.publish(t, "elsewhere", 1)
	log.publish(t, "telemetry", row{"n": 1})
	log.publish(t, "counter", row{"k": 1})
	log.publish(t, "counter", row{"k": 1, "v": 2})
	b.want("query_telemetry", row{"cols": "n"}, `[{"n":1}]`)
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var telemetry, counter, position uint64
	err = db.QueryRow(`SELECT (SELECT _seq FROM _rembus_rows.telemetry), (SELECT _seq FROM _rembus_rows.counter), (SELECT seq FROM _rembus.position)`).
		Scan(&telemetry, &counter, &position)
	if err != nil || telemetry != 2 || counter != 4 || position != 4 {
		t.Errorf("%d, %d, %d, %v", telemetry, counter, position, err)
	}
	var columns string
	err = db.QueryRow(`SELECT string_agg(column_name, ' ' ORDER BY column_index) FROM duckdb_columns() WHERE table_name = 'telemetry' AND schema_name = 'main'`).Scan(&columns)
	if err != nil || columns != "dn temperature n ts time_bucket" {
		t.Errorf("view has %s, %v", columns, err)
	}
}

func TestOpenErrors(t *testing.T) {
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "no", "dir"): "no such file or directory",
		filepath.Join(t.TempDir(), "a?b"):       "question mark",
	} {
		if l, err := lake.Open(t.Context(), lake.Options{Path: path, Schema: parse(t, tables)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: opened %v, %v", path, l != nil, err)
		}
	}
	if _, err := lake.Open(t.Context(), lake.Options{}); err == nil {
		t.Error("no schema")
	}
}

// A failing log makes the lake unhealthy, not the broker; it catches up.
func TestHealth(t *testing.T) {
	log := &memLog{}
	b := start(t, log, nil)
	log.failReads(errors.New("broken\x1b[31m"))
	seq := log.publish(t, "counter", row{"k": 1})
	log.Commit()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Await(ctx, seq); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Await: %v", err)
	}
	if err := b.Health(); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("Health: %v", err)
	}
	log.failReads(nil)
	if err := b.Await(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	b.want("query_counter", row{"cols": "k"}, `[{"k":1}]`)
	if err := b.Health(); err != nil {
		t.Errorf("Health: %v", err)
	}
}
