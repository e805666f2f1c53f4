package lake_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/lake"
)

// evolved is a file whose table x has columns of that text, with rows.
type evolved struct {
	t    *testing.T
	path string
	log  *memLog
}

func evolving(t *testing.T, columns string, rows ...row) *evolved {
	t.Helper()
	e := &evolved{t, filepath.Join(t.TempDir(), "lake.duckdb"), &memLog{}}
	e.with(columns, func(b *bench) {
		for _, r := range rows {
			e.log.publish(t, "x", r)
		}
		b.rows("query_x")
	})
	return e
}

// schemaOf is a schema of table x: its columns, and what comes after them.
func schemaOf(columns string) string {
	columns, more, _ := strings.Cut(columns, "|")
	return `{"tables": [{"table": "x", "columns": [` + columns + `]` + more + `}]}`
}

func (e *evolved) options(columns string) lake.Options {
	return lake.Options{Path: e.path, Schema: parse(e.t, schemaOf(columns)), Threads: 1}
}

// with opens the file with other columns.
func (e *evolved) with(columns string, do func(b *bench)) {
	e.t.Helper()
	l, err := lake.Open(e.t.Context(), e.options(columns))
	if err != nil {
		e.t.Fatal(err)
	}
	l.Start(e.log)
	do(&bench{t: e.t, log: e.log, Lake: l, calls: l.Procedures(e.log.submit)})
	if err := l.Close(context.Background()); err != nil {
		e.t.Error(err)
	}
}

// sql runs statements as DuckDB's own program does.
func (e *evolved) sql(statements string) {
	e.t.Helper()
	db, err := sql.Open("duckdb", e.path)
	if err == nil {
		_, err = db.Exec(statements)
	}
	if err != nil {
		e.t.Fatalf("%s: %v", statements, err)
	}
	if err := db.Close(); err != nil {
		e.t.Error(err)
	}
}

// Each change that loses nothing is made; old and new rows are there. The order of
// columns is that of the schema, whatever the file's is.
func TestEvolve(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		rows   []row
		after  string
		more   []row
		want   string
		sql    int // statements that changed something
	}{
		"nothing":                 {`{"col":"a","type":"TEXT"}`, []row{{"a": "1"}}, `{"col":"a","type":"TEXT"}`, nil, `[{"a":"1"}]`, 0},
		"a nullable column first": {`{"col":"a","type":"TEXT"}`, []row{{"a": "1"}}, `{"col":"b","type":"DOUBLE"},{"col":"a","type":"TEXT"}`, []row{{"a": "2", "b": 2.5}}, `[{"b":null,"a":"1"},{"b":2.5,"a":"2"}]`, 1},
		"order":                   {`{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER"}`, []row{{"a": 1, "b": 2}}, `{"col":"b","type":"INTEGER"},{"col":"a","type":"INTEGER"}`, []row{{"a": 3, "b": 4}}, `[{"b":2,"a":1},{"b":4,"a":3}]`, 0},
		"a default":               {`{"col":"a","type":"TEXT"}`, []row{{"a": "1"}}, `{"col":"a","type":"TEXT"},{"col":"b","type":"TEXT","default":"it's; \" x","nullable":false}`, []row{{"a": "2"}}, `[{"a":"1","b":"it's; \" x"},{"a":"2","b":"it's; \" x"}]`, 2},
		"another default":         {`{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER","default":1}`, []row{{"a": 1}}, `{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER","default":2}`, []row{{"a": 2}}, `[{"a":1,"b":1},{"a":2,"b":2}]`, 0},
		"a default of each type": {`{"col":"a","type":"INTEGER"}`, []row{{"a": 1}},
			`{"col":"bool","type":"BOOLEAN","default":true},{"col":"int","type":"TINYINT","default":-7},{"col":"huge","type":"UHUGEINT","default":99999999999999999999999999999999999999},
			{"col":"f","type":"FLOAT","default":0.1},{"col":"d","type":"DOUBLE","default":1e300},{"col":"ts","type":"TIMESTAMP","default":"2024-02-29T12:00:00.000001Z"},{"col":"tz","type":"TIMESTAMPTZ","default":"2024-02-29T12:00:00Z"},
			{"col":"day","type":"DATE","default":"2024-02-29"},{"col":"clock","type":"TIME","default":"12:34:56.5"},{"col":"dec","type":"DECIMAL(20,3)","default":"-0.05"},{"col":"id","type":"UUID","default":"01234567-89ab-cdef-0123-456789abcdef"},
			{"col":"j","type":"JSON","default":"{\"a\": 1}"},{"col":"bin","type":"BLOB","default":"AAH/"},{"col":"a","type":"INTEGER"}`, []row{{"a": 1}}, "twice", 13},
		"wider":                  {`{"col":"a","type":"TINYINT","nullable":false},{"col":"b","type":"UINTEGER"},{"col":"c","type":"FLOAT"},{"col":"d","type":"INTEGER"},{"col":"e","type":"DECIMAL(5,2)"},{"col":"f","type":"DATE"}`, []row{{"a": -1, "b": 4294967295, "c": 0.5, "d": 2147483647, "e": "1.25", "f": "2024-02-29"}}, `{"col":"a","type":"HUGEINT","nullable":false},{"col":"b","type":"BIGINT"},{"col":"c","type":"DOUBLE"},{"col":"d","type":"DOUBLE"},{"col":"e","type":"DECIMAL(9,4)"},{"col":"f","type":"TIMESTAMP"}`, nil, `[{"a":-1,"b":4294967295,"c":0.5,"d":2147483647,"e":"1.2500","f":"2024-02-29T00:00:00Z"}]`, 6},
		"null":                   {`{"col":"a","type":"INTEGER","nullable":false},{"col":"b","type":"INTEGER"}`, []row{{"a": 1, "b": 2}}, `{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER","nullable":false}`, []row{{"b": 3}}, `[{"a":1,"b":2},{"a":null,"b":3}]`, 2},
		"an extra":               {`{"col":"a","type":"INTEGER"}`, []row{{"a": 1}}, `{"col":"a","type":"INTEGER"}|,"extras":{"slot":"s"}`, nil, `[{"a":1,"s":null}]`, 1},
		"another case":           {`{"col":"Alpha","type":"INTEGER"}`, []row{{"Alpha": 1}}, `{"col":"alpha","type":"INTEGER"}`, []row{{"alpha": 2}}, `[{"alpha":1},{"alpha":2}]`, 1},
		"keys":                   {`{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER"}`, []row{{"a": 1, "b": 2}, {"a": 2, "b": 2}}, `{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER"}|,"keys":["a"]`, []row{{"a": 2, "b": 3}}, `[{"a":1,"b":2},{"a":2,"b":3}]`, 1},
		"no keys":                {`{"col":"a","type":"INTEGER"}|,"keys":["a"]`, []row{{"a": 1}, {"a": 1}}, `{"col":"a","type":"INTEGER"}`, []row{{"a": 1}}, `[{"a":1},{"a":1}]`, 1},
		"anything without rows":  {`{"col":"a","type":"TEXT"}`, nil, `{"col":"b","type":"DOUBLE","nullable":false}`, []row{{"b": 1.5}}, `[{"b":1.5}]`, 2},
		"keyed, a column before": {`{"col":"k","type":"INTEGER"}|,"keys":["k"]`, []row{{"k": 1}}, `{"col":"v","type":"TEXT"},{"col":"k","type":"BIGINT"}|,"keys":["k"]`, []row{{"k": 1, "v": "x"}, {"k": 5000000000}}, `[{"v":"x","k":1},{"v":null,"k":5000000000}]`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			e := evolving(t, c.before, c.rows...)
			would, err := lake.Evolve(t.Context(), e.options(c.after), true)
			former := 0 // of the former rows, which change with the table
			for _, q := range would {
				if strings.Contains(q, "_rembus_past") {
					former++
				}
			}
			if err != nil || len(would)-former != c.sql {
				t.Errorf("dry: %q, %v", would, err)
			}
			did, err := lake.Evolve(t.Context(), e.options(c.after), false)
			if err != nil || fmt.Sprint(did) != fmt.Sprint(would) {
				t.Errorf("did %q, %v; would %q", did, err, would)
			}
			if again, err := lake.Evolve(t.Context(), e.options(c.after), false); err != nil || len(again) > 0 {
				t.Errorf("once more: %q, %v", again, err)
			}
			for range 2 { // what is open, and what was closed
				e.with(c.after, func(b *bench) {
					for _, r := range c.more {
						e.log.publish(t, "x", r)
					}
					c.more = nil
					got := b.rows("query_x")
					if c.want == "twice" {
						if first, second, ok := strings.Cut(got[1:len(got)-1], "},"); !ok || first+"}" != second {
							t.Errorf("the default of old rows is not that of new ones: %s", got)
						}
					} else if got != c.want {
						t.Errorf("got  %s\nwant %s", got, c.want)
					}
				})
			}
		})
	}
}

// Former rows get the default of a new column too, and must have a value there like the
// others.
func TestEvolveFormerRows(t *testing.T) {
	e := evolving(t, `{"col":"k","type":"INTEGER"}|,"keys":["k"]`, row{"k": 1})
	e.with(`{"col":"k","type":"INTEGER"}|,"keys":["k"]`, func(b *bench) {
		e.log.publish(t, "x", row{"k": 1})
		b.rows("query_x")
	})
	after := `{"col":"k","type":"INTEGER"},{"col":"v","type":"BIGINT","nullable":false,"default":7}|,"keys":["k"]`
	e.with(after, func(b *bench) {
		if rows := b.rows("history_x", 1); strings.Count(rows, `"k":1,"v":7,`) != 2 {
			t.Errorf("history: %s", rows)
		}
	})
	db, err := sql.Open("duckdb", e.path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	var nullable bool
	if err := db.QueryRow(`SELECT is_nullable FROM duckdb_columns() WHERE schema_name = '_rembus_past' AND table_name = 'x' AND column_name = 'v'`).Scan(&nullable); err != nil || nullable {
		t.Errorf("nullable %t, %v", nullable, err)
	}
}

// What would lose values is refused, all of it in one message, and the SQL of the
// message does it.
func TestEvolveRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		rows   []row
		after  string
		says   string
		choose string // of the lines with SQL; "" all
		want   string // afterwards
	}{
		"gone":          {`{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER"}`, []row{{"a": 1, "b": 2}}, `{"col":"a","type":"INTEGER"}`, `no longer has the column "b"`, "", `[{"a":1}]`},
		"another name":  {`{"col":"a","type":"INTEGER"}`, []row{{"a": 1}}, `{"col":"b","type":"INTEGER"}`, "keeps its values", "RENAME", `[{"b":1}]`},
		"narrower":      {`{"col":"a","type":"BIGINT"}`, []row{{"a": 1}, {"a": 300}}, `{"col":"a","type":"TINYINT"}`, "BIGINT in the file and TINYINT in the schema", "", `[{"a":1},{"a":null}]`},
		"text":          {`{"col":"a","type":"TEXT"}`, []row{{"a": "1.5"}, {"a": "x"}}, `{"col":"a","type":"DOUBLE"}`, "VARCHAR in the file", "", `[{"a":1.5},{"a":null}]`},
		"other kind":    {`{"col":"a","type":"TIMESTAMP"}`, []row{{"a": "2024-01-01T00:00:00Z"}}, `{"col":"a","type":"BOOLEAN"}`, "TIMESTAMP in the file", "", `[{"a":null}]`},
		"inexact":       {`{"col":"a","type":"BIGINT"}`, []row{{"a": 1}}, `{"col":"a","type":"DOUBLE"}`, "BIGINT in the file", "", `[{"a":1}]`},
		"null":          {`{"col":"a","type":"INTEGER"},{"col":"b","type":"TEXT"}`, []row{{"a": 1}, {"a": 2, "b": "x"}}, `{"col":"a","type":"INTEGER"},{"col":"b","type":"TEXT","nullable":false}`, `"b" must not be NULL, and is so in 1 row`, "", `[{"a":2,"b":"x"}]`},
		"null, default": {`{"col":"a","type":"TEXT"}`, []row{{}, {"a": "x"}}, `{"col":"a","type":"TEXT","nullable":false,"default":"d"}`, "the default", "", `[{"a":"d"},{"a":"x"}]`},
		"no default":    {`{"col":"a","type":"INTEGER"}`, []row{{"a": 1}}, `{"col":"a","type":"INTEGER"},{"col":"b","type":"TEXT","nullable":false}`, "no default", "VALUE", `[{"a":1,"b":"v"}]`},
		"equal keys": {`{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER"}`, []row{{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 3}}, `{"col":"a","type":"INTEGER"},{"col":"b","type":"INTEGER"}|,"keys":["a"]`,
			`1 value of the new keys ("a")`, "", `[{"a":1,"b":2},{"a":2,"b":3}]`},
	} {
		t.Run(name, func(t *testing.T) {
			e := evolving(t, c.before, c.rows...)
			before, err := os.ReadFile(e.path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = lake.Open(t.Context(), e.options(c.after))
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), `table "x"`) {
				t.Fatalf("Open: %v", err)
			}
			if rename, drop := strings.Index(err.Error(), "RENAME"), strings.Index(err.Error(), "DROP COLUMN"); rename > drop {
				t.Errorf("whoever runs all lines loses the values before they get another name: %v", err)
			}
			if _, dry := lake.Evolve(t.Context(), e.options(c.after), true); dry == nil || !strings.HasSuffix(err.Error(), dry.Error()) {
				t.Errorf("dry: %v", dry)
			}
			if after, err := os.ReadFile(e.path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed: %v", err)
			}
			e.with(c.before, func(*bench) {})
			for _, q := range regexp.MustCompile(`(?m)^ {4}(.*;)$`).FindAllStringSubmatch(err.Error(), -1) {
				if strings.Contains(q[1], c.choose) {
					e.sql(strings.ReplaceAll(q[1], "VALUE", "'v'"))
				}
			}
			e.with(c.after, func(b *bench) { b.want("query_x", nil, c.want) })
		})
	}
}

// All problems of all tables are in one message, with where to run the SQL.
func TestEvolveTellsAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	log := &memLog{}
	open := func(text string) (*lake.Lake, error) {
		return lake.Open(t.Context(), lake.Options{Path: path, Schema: parse(t, text)})
	}
	l, err := open(`{"tables": [{"table": "x", "columns": [{"col": "a", "type": "TEXT"}, {"col": "b", "type": "DOUBLE"}]}, {"table": "y", "columns": [{"col": "c", "type": "TEXT"}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	l.Start(log)
	log.publish(t, "x", row{"a": "1"})
	log.publish(t, "y", row{"c": "1"})
	log.Commit()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = open(`{"tables": [{"table": "z", "columns": [{"col": "a", "type": "TEXT"}]}, {"table": "x", "columns": [{"col": "a", "type": "BLOB"}]}, {"table": "y", "columns": [{"col": "c", "type": "INTEGER"}]}]}`)
	for _, want := range []string{`table "x": column "a" is VARCHAR`, `table "x": the schema no longer has the column "b"`, `table "y": column "c" is VARCHAR`, "duckdb " + path} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	var out bytes.Buffer
	l, err = lake.Open(t.Context(), lake.Options{Path: path, Logger: slog.New(slog.NewTextHandler(&out, nil)), Schema: parse(t, `{"tables": [{"table": "y", "columns": [{"col": "c", "type": "TEXT"}]}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if text := out.String(); !strings.Contains(text, "tables=[x]") || strings.Contains(text, "z") {
		t.Errorf("logged %s", text)
	}
}

// A dry run over no file makes none.
func TestEvolveWithoutFile(t *testing.T) {
	e := &evolved{t, filepath.Join(t.TempDir(), "lake.duckdb"), &memLog{}}
	would, err := lake.Evolve(t.Context(), e.options(`{"col":"a","type":"TEXT"}`), true)
	if err != nil || len(would) != 1 || !strings.HasPrefix(would[0], "CREATE TABLE") {
		t.Errorf("%q, %v", would, err)
	}
	if _, err := os.Stat(e.path); err == nil {
		t.Error("a file was made")
	}
}
