package cursor_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"
	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake/cursor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t testing.TB, statements ...string) driver.Conn {
	t.Helper()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connector.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), connector.Close()); err != nil {
			t.Error(err)
		}
	})
	for _, q := range append(statements, "SET GLOBAL TimeZone = 'UTC'", "SET threads = 2") {
		if _, err := conn.(driver.ExecerContext).ExecContext(t.Context(), q, nil); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// read returns the types of the columns and the rows as JSON.
func read(t testing.TB, conn driver.Conn, text string, args ...driver.NamedValue) (types, rows string, err error) {
	t.Helper()
	c, err := cursor.Open(t.Context(), conn, text, args)
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	w := arrowipc.NewWriter(c.Schema(), 0)
	for {
		b, err := c.Next()
		if err != nil {
			return "", "", err
		}
		if b == nil {
			break
		}
		if err := w.Write(b); err != nil {
			return "", "", err
		}
	}
	stream, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	out, err := arrowipc.Rows(stream, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range c.Schema().Fields() {
		names = append(names, f.Name+" "+f.Type.String())
	}
	return strings.Join(names, ", "), string(out), nil
}

// Every type, with a value, at its ends and with none.
func TestTypes(t *testing.T) {
	conn := connect(t)
	for _, c := range []struct{ cast, values, arrow, rows string }{
		{"BOOLEAN", "true, false", "bool", "true,false"},
		{"TINYINT", "-128, 127", "int8", "-128,127"},
		{"SMALLINT", "-32768, 32767", "int16", "-32768,32767"},
		{"INTEGER", "-2147483648, 2147483647", "int32", "-2147483648,2147483647"},
		{"BIGINT", "-9223372036854775808, 9223372036854775807", "int64", "-9223372036854775808,9223372036854775807"},
		{"UTINYINT", "0, 255", "uint8", "0,255"},
		{"USMALLINT", "0, 65535", "uint16", "0,65535"},
		{"UINTEGER", "0, 4294967295", "uint32", "0,4294967295"},
		{"UBIGINT", "0, 18446744073709551615", "uint64", "0,18446744073709551615"},
		{"HUGEINT", "-99999999999999999999999999999999999999, 99999999999999999999999999999999999999", "decimal(38, 0)",
			"-99999999999999999999999999999999999999,99999999999999999999999999999999999999"},
		{"UHUGEINT", "0, 99999999999999999999999999999999999999", "decimal(38, 0)", "0,99999999999999999999999999999999999999"},
		{"FLOAT", "0.5, -1", "float32", "0.5,-1"},
		{"DOUBLE", "0.1, 1e300", "float64", "0.1,1e+300"},
		{"DECIMAL(4,2)", "-99.99, 1.5", "decimal(4, 2)", `"-99.99","1.50"`},
		{"DECIMAL(9,1)", "-1.5, 99999999.9", "decimal(9, 1)", `"-1.5","99999999.9"`},
		{"DECIMAL(18,3)", "-0.001, 123456789012345.678", "decimal(18, 3)", `"-0.001","123456789012345.678"`},
		{"DECIMAL(38,10)", "-1234567890123456789012345678.0123456789, 2", "decimal(38, 10)", `"-1234567890123456789012345678.0123456789","2.0000000000"`},
		{"VARCHAR", "'', 'ü', 'twelve bytes', 'more than twelve bytes'", "utf8", `"","ü","twelve bytes","more than twelve bytes"`},
		{"BLOB", `'\x00\xFF', 'more than twelve bytes'`, "binary", `"AP8=","bW9yZSB0aGFuIHR3ZWx2ZSBieXRlcw=="`},
		{"DATE", "'2026-11-20', '1969-12-31'", "date32", `"2026-11-20","1969-12-31"`},
		{"TIME", "'10:00:00.000001', '23:59:59'", "time64[us]", `"10:00:00.000001","23:59:59.000000"`},
		{"TIMESTAMP", "'2026-11-20 10:00:00.123456', '1969-12-31'", "timestamp[us]", `"2026-11-20T10:00:00.123456Z","1969-12-31T00:00:00Z"`},
		{"TIMESTAMP_S", "'2026-11-20 10:00:00'", "timestamp[s]", `"2026-11-20T10:00:00Z"`},
		{"TIMESTAMP_MS", "'2026-11-20 10:00:00.123'", "timestamp[ms]", `"2026-11-20T10:00:00.123Z"`},
		{"TIMESTAMP_NS", "'2026-11-20 10:00:00.123456789'", "timestamp[ns]", `"2026-11-20T10:00:00.123456789Z"`},
		{"TIMESTAMPTZ", "'2026-11-20 10:00:00+02'", "timestamp[us, tz=UTC]", `"2026-11-20T08:00:00Z"`},
		{"UUID", "'0193f2a0-1234-7000-8000-00000000abcd', 'ffffffff-ffff-ffff-ffff-ffffffffffff'", "utf8",
			`"0193f2a0-1234-7000-8000-00000000abcd","ffffffff-ffff-ffff-ffff-ffffffffffff"`},
		{"JSON", `'{"a": [1, null]}'`, "utf8", `"{\"a\": [1, null]}"`},
	} {
		t.Run(c.cast, func(t *testing.T) {
			text := "SELECT CAST(v AS " + c.cast + ") AS x FROM (SELECT unnest([" + c.values + "]) AS v UNION ALL SELECT NULL)"
			types, rows, err := read(t, conn, text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for row := range strings.SplitSeq(strings.Trim(rows, "[]"), "},{") {
				got = append(got, strings.TrimPrefix(strings.Trim(row, "{}"), `"x":`))
			}
			if c.cast == "JSON" { // its own brackets are trimmed above
				got = []string{`"{\"a\": [1, null]}"`, "null"}
				if !strings.Contains(rows, got[0]) {
					t.Errorf("got %s", rows)
				}
			}
			if types != "x "+c.arrow || strings.Join(got, ",") != c.rows+",null" {
				t.Errorf("got %s: %s, want %s: %s", types, strings.Join(got, ","), c.arrow, c.rows)
			}
		})
	}
}

// What DuckDB's memory holds where there is no value touches no neighbour, and is not
// passed on.
func TestMissingValues(t *testing.T) {
	conn := connect(t, `CREATE TABLE t AS SELECT i, CASE WHEN i % 13 = 0 THEN NULL ELSE i % 2 = 0 END AS b, i::VARCHAR AS s FROM range(50000) r(i)`)
	// Conversions that fail leave something behind.
	c, err := cursor.Open(t.Context(), conn, `SELECT i, b, TRY_CAST(if(i % 3 = 0, 'no' || s, s) AS BIGINT) AS n,
		TRY_CAST(if(i % 3 = 0, '77x', if(i % 2 = 0, 'true', 'false')) AS BOOLEAN) AS f, lag(i) OVER (ORDER BY i) AS l FROM t WHERE i % 7 <> 1 ORDER BY i`, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	rows := 0
	for {
		batch, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if batch == nil {
			break
		}
		is, b, n, f := batch.Column(0).(*array.Int64), batch.Column(1).(*array.Boolean), batch.Column(2).(*array.Int64), batch.Column(3).(*array.Boolean)
		for r := range int(batch.NumRows()) {
			i := is.Value(r)
			if b.IsNull(r) != (i%13 == 0) || b.IsValid(r) && b.Value(r) != (i%2 == 0) {
				t.Fatalf("row %d: %s", i, b.ValueStr(r))
			}
			if n.IsNull(r) != (i%3 == 0) || n.IsNull(r) && n.Value(r) != 0 || n.IsValid(r) && n.Value(r) != i {
				t.Fatalf("row %d: %s, %d", i, n.ValueStr(r), n.Value(r))
			}
			if f.IsNull(r) != (i%3 == 0) || f.IsValid(r) && f.Value(r) != (i%2 == 0) {
				t.Fatalf("row %d: %s", i, f.ValueStr(r))
			}
		}
		rows += int(batch.NumRows())
	}
	if rows != 42857 {
		t.Errorf("%d rows", rows)
	}
}

func TestTypesThatAreRefused(t *testing.T) {
	conn := connect(t)
	for value, advice := range map[string]string{
		"INTERVAL 1 DAY":   "epoch(x)",
		"[1]":              "CAST(x AS JSON)",
		"{'a': 1}":         "CAST(x AS JSON)",
		"MAP {'a': 1}":     "CAST(x AS JSON)",
		"[1]::INTEGER[1]":  "CAST(x AS JSON)",
		"'10:00'::TIMETZ":  "CAST(x AS TIME)",
		"'1'::BIT":         "CAST(x AS VARCHAR)",
		"'a'::ENUM('a')":   "CAST(x AS VARCHAR)",
		"1.1e38::HUGEINT":  "38 digits",
		"-1.1e38::HUGEINT": "38 digits",
		"2e38::UHUGEINT":   "38 digits",
		"-170141183460469231731687303715884105728": "38 digits",
	} {
		var u *cursor.Unfit
		if _, _, err := read(t, conn, "SELECT "+value+" AS odd"); !errors.As(err, &u) || !strings.Contains(u.Reason, advice) || !strings.Contains(u.Reason, "odd") {
			t.Errorf("%s: got %v", value, err)
		}
	}
}

func TestNamesDiffer(t *testing.T) {
	types, rows, err := read(t, connect(t), "SELECT 1 AS a, 2 AS a, NULL AS n")
	if want := `[{"a":1,"a_1":2,"n":null}]`; err != nil || rows != want {
		t.Errorf("%s %s, %v", types, rows, err)
	}
}

func TestArguments(t *testing.T) {
	conn := connect(t)
	_, rows, err := read(t, conn, "SELECT $1 + 1 AS a, $2 AS b", driver.NamedValue{Ordinal: 1, Value: int64(1)}, driver.NamedValue{Ordinal: 2, Value: "x"})
	if err != nil || rows != `[{"a":2,"b":"x"}]` {
		t.Errorf("%s, %v", rows, err)
	}
	_, rows, err = read(t, conn, "SELECT $n AS a", driver.NamedValue{Name: "n", Value: 1.5})
	if err != nil || rows != `[{"a":1.5}]` {
		t.Errorf("%s, %v", rows, err)
	}
}

// Errors before the first row, in the middle, and of statements that give no rows. The
// connection is as good as new after each.
func TestErrors(t *testing.T) {
	conn := connect(t, "CREATE TABLE t AS SELECT i FROM range(100000) r(i)")
	for text, want := range map[string]string{
		"SELECT nosuch FROM t": "nosuch",
		"SELECT $1":            "argument count",
		"SELECT CASE WHEN i = 90000 THEN error('in the middle') ELSE i END FROM t": "in the middle",
		"DROP TABLE t":                         "only a SELECT",
		"INSERT INTO t VALUES (1)":             "only a SELECT",
		"INSERT INTO t VALUES (1) RETURNING i": "only a SELECT",
		"SET threads = 1":                      "only a SELECT",
	} {
		if _, _, err := read(t, conn, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
		if _, rows, err := read(t, conn, "SELECT count(*) AS n FROM t"); err != nil || rows != `[{"n":100000}]` {
			t.Fatalf("after %s: %s, %v", text, rows, err)
		}
	}
}

// An endless result costs what is read of it.
func TestStreams(t *testing.T) {
	conn := connect(t)
	c, err := cursor.Open(t.Context(), conn, "SELECT i, i::VARCHAR AS s FROM range(1000000000000) r(i)", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b, err := c.Next()
		if err != nil || b.NumRows() < 1000 {
			t.Fatalf("%v, %v", b, err)
		}
	}
	if f := c.Schema().Field(0); !arrow.TypeEqual(f.Type, arrow.PrimitiveTypes.Int64) {
		t.Errorf("field %v", f)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, rows, err := read(t, conn, "SELECT 1 AS a"); err != nil || rows != `[{"a":1}]` {
		t.Errorf("after it: %s, %v", rows, err)
	}
}

// Fault 46: the end of the context ends the statement before its first row, and between
// two rows; it is no matter of the next statement.
func TestContextEnds(t *testing.T) {
	conn := connect(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cursor.Open(gone, conn, "SELECT 1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50_000_000)
	defer cancel()
	_, err := cursor.Open(ctx, conn, "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i) WHERE a.i <> b.i", nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	c, err := cursor.Open(ctx, conn, "SELECT i FROM range(1000000000000) r(i)", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(); err != nil {
		t.Error(err)
	}
	cancel()
	if _, err := c.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, rows, err := read(t, conn, "SELECT 1 AS a"); err != nil || rows != `[{"a":1}]` {
		t.Errorf("after it: %s, %v", rows, err)
	}
}
