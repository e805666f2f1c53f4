package lake_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// telemetry is appended to, sensor has a key.
const tables = `{"tables": [
	{"table": "sensor", "topic": ":site/:dn/sensor", "keys": ["dn"], "columns": [
		{"col": "site", "type": "TEXT", "nullable": false},
		{"col": "dn", "type": "TEXT"},
		{"col": "kind", "type": "TEXT", "default": "none"},
		{"col": "temperature", "type": "DOUBLE"},
		{"col": "pressure", "type": "DOUBLE"}]},
	{"table": "telemetry", "topic": ":dn/telemetry", "extras": {"recv_ts": "ts", "slot": "time_bucket"}, "columns": [
		{"col": "dn", "type": "TEXT"},
		{"col": "temperature", "type": "DOUBLE"},
		{"col": "n", "type": "BIGINT"}]},
	{"table": "counter", "keys": ["k"], "columns": [
		{"col": "k", "type": "INTEGER"},
		{"col": "v", "type": "BIGINT"},
		{"col": "w", "type": "TEXT"}]}
]}`

func parse(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, err := schema.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// patience ends a call that hangs; half of it is for the lake to come level.
const patience = 2 * time.Minute

// bench is a lake that reads a log.
type bench struct {
	t   testing.TB
	log *memLog
	*lake.Lake
	calls map[string]lake.Procedure
}

// start opens a lake over log and closes it at the end of the test. change may
// adapt the options.
func start(t testing.TB, log *memLog, change func(*lake.Options)) *bench {
	t.Helper()
	o := lake.Options{Schema: parse(t, tables), BatchInterval: time.Millisecond, QueryTimeout: patience, Threads: 2}
	if change != nil {
		change(&o)
	}
	l, err := lake.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	l.Start(log)
	b := &bench{t: t, log: log, Lake: l, calls: l.Procedures(log.submit)}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func onDisk(t testing.TB) func(*lake.Options) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	return func(o *lake.Options) { o.Path = path }
}

// call calls a procedure of the lake.
func (b *bench) call(method string, args ...any) (*protocol.Payload, error) {
	b.t.Helper()
	p, err := protocol.EncodeArgs(args...)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return b.calls[method](ctx, "tester", p)
}

// rows returns the result of a query as JSON rows.
func (b *bench) rows(method string, args ...any) string {
	b.t.Helper()
	p, err := b.call(method, args...)
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	args2, err := p.Args()
	if err != nil || len(args2) != 1 {
		b.t.Fatalf("%d results, %v", len(args2), err)
	}
	frame, ok := args2[0].DataFrame()
	if !ok {
		b.t.Fatal("the result is no DataFrame")
	}
	text, err := arrowipc.Rows(frame, 1<<30)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// want compares the rows of a query, with where and cols, with JSON rows.
func (b *bench) want(method string, args map[string]any, rows string) {
	b.t.Helper()
	if got := b.rows(method, args); got != rows {
		b.t.Errorf("%s %v\ngot  %s\nwant %s", method, args, got, rows)
	}
}

// refused expects the answer 40 with a text.
func (b *bench) refused(text, method string, args ...any) {
	b.t.Helper()
	_, err := b.call(method, args...)
	var e *protocol.Error
	if !errors.As(err, &e) || e.Status != protocol.StatusMethodException || !strings.Contains(e.Text, text) {
		b.t.Errorf("%s: got %v, want status 40 with %q", method, err, text)
	}
}

// ok expects a call to answer null.
func (b *bench) ok(method string, args ...any) {
	b.t.Helper()
	if p, err := b.call(method, args...); err != nil || !p.IsNull() {
		b.t.Errorf("%s: %v, %v", method, p, err)
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPublishThenQuery(t *testing.T) {
	b := start(t, &memLog{}, onDisk(t))
	b.log.publish(t, "a/telemetry", map[string]any{"temperature": 1.5, "n": 7})
	b.log.publish(t, "b/telemetry", map[string]any{"temperature": 2.5})
	b.log.publish(t, "elsewhere", 1)
	b.want("query_telemetry", map[string]any{"cols": []string{"dn", "temperature", "n"}},
		`[{"dn":"a","temperature":1.5,"n":7},{"dn":"b","temperature":2.5,"n":null}]`)
	b.want("query_telemetry", map[string]any{"cols": "count(*) AS n", "where": "temperature > 2"}, `[{"n":1}]`)
	if b.Position() != 3 {
		t.Errorf("position %d", b.Position())
	}
}
