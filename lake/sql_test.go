package lake_test

import (
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake"
)

// wantSQL compares the rows that a query gives with JSON rows.
func (b *bench) wantSQL(rows, text string, args ...any) {
	b.t.Helper()
	if got := b.rows("sql", append([]any{text}, args...)...); got != rows {
		b.t.Errorf("%s %v\ngot  %s\nwant %s", text, args, got, rows)
	}
}

func (b *bench) refusedSQL(message, text string, args ...any) {
	b.t.Helper()
	b.refused(message, "sql", append([]any{text}, args...)...)
}

// filled is a lake with some rows in all its tables.
func filled(t *testing.T, change func(*lake.Options)) *bench {
	t.Helper()
	b := start(t, &memLog{}, change)
	b.log.publish(t, "x/a/sensor", row{"kind": "hvac", "temperature": 20.5})
	b.log.publish(t, "x/b/sensor", row{"kind": "lift"})
	for i := range 6 {
		b.log.publish(t, string("ab"[i%2])+"/telemetry", row{"temperature": float64(i), "n": i})
	}
	b.log.publish(t, "counter", row{"k": 1, "v": 2, "w": "x"})
	return b
}

func TestSQL(t *testing.T) {
	b := filled(t, onDisk(t))
	b.wantSQL(`[{"one":1}]`, "SELECT 1 AS one")
	b.wantSQL(`[{"dn":"a","c":3,"mean":2},{"dn":"b","c":3,"mean":3}]`,
		"SELECT dn, count(*) AS c, avg(temperature) AS mean FROM telemetry GROUP BY dn ORDER BY dn")
	b.wantSQL(`[{"kind":"hvac","n":4},{"kind":"lift","n":5}]`,
		"SELECT kind, max(n) AS n FROM telemetry JOIN sensor USING (dn) GROUP BY kind ORDER BY kind;")
	b.wantSQL(`[{"n":4,"delta":2},{"n":5,"delta":2}]`,
		`WITH d AS (SELECT n, n - lag(n) OVER (PARTITION BY dn ORDER BY n) AS delta FROM telemetry)
		SELECT * FROM d WHERE n >= 4 ORDER BY n -- the newest`)
	b.wantSQL(`[{"dn":"b"}]`, "SELECT dn FROM sensor WHERE dn NOT IN (SELECT dn FROM sensor WHERE kind = 'hvac')")
	b.wantSQL(`[{"dn":"a"},{"dn":"b"},{"dn":"z"}]`, "SELECT dn FROM sensor UNION SELECT 'z' ORDER BY dn")
	b.wantSQL(`[{"k":1,"v":2,"w":"x"}]`, "FROM counter")
	b.wantSQL(`[]`, "FROM counter WHERE k = 2")
	b.wantSQL(`[{"n":5}]`, "SELECT n FROM telemetry ORDER BY n DESC LIMIT 1")
	// What was published before is seen.
	b.log.publish(t, "counter", row{"k": 2})
	b.wantSQL(`[{"c":2}]`, "SELECT count(*) AS c FROM counter")
}

func TestSQLParameters(t *testing.T) {
	b := filled(t, nil)
	b.wantSQL(`[{"n":4},{"n":5}]`, "SELECT n FROM telemetry WHERE n > $1 ORDER BY n", 3)
	b.wantSQL(`[{"n":4}]`, "SELECT n FROM telemetry WHERE n > ? AND dn = ?", 3, "a")
	b.wantSQL(`[{"n":4}]`, "SELECT n FROM telemetry WHERE dn = $2 AND n > $1", 3, "a")
	b.wantSQL(`[{"n":4}]`, "SELECT n FROM telemetry WHERE n > $low AND dn = $dn", row{"dn": "a", "low": 3})
	b.wantSQL(`[{"dn":"a"}]`, "SELECT dn FROM sensor WHERE kind LIKE $1", "hv%")
	b.wantSQL(`[{"n":1},{"n":2}]`, "SELECT n FROM telemetry ORDER BY n LIMIT $1 OFFSET $2", 2, 1)
	b.wantSQL(`[{"a":2,"b":1.5,"c":true,"d":null,"e":"AP8=","f":"'; DROP TABLE counter; --"}]`,
		"SELECT $1 + 1 AS a, $2 AS b, $3 AS c, $4 AS d, $5 AS e, $6 AS f", 1, 1.5, true, nil, []byte{0, 255}, "'; DROP TABLE counter; --")
	b.wantSQL(`[{"x":true,"y":"2026-11-20T10:00:00.5Z"}]`,
		"SELECT TIMESTAMP '2026-11-20 09:00:00' < $1 AS x, $1::TIMESTAMP AS y", time.Date(2026, 11, 20, 12, 0, 0, 5e8, time.FixedZone("", 7200)))
	huge, _ := new(big.Int).SetString("12345678901234567890123456789", 10)
	b.wantSQL(`[{"x":12345678901234567890123456789}]`, "SELECT $1::HUGEINT AS x", huge)
	b.wantSQL(`[{"x":true}]`, "SELECT 12345678901234567890123456788::HUGEINT < $1 AS x", huge)

	b.refusedSQL(`"$1" has no value`, "SELECT $1")
	b.refusedSQL(`"$3" has no value`, "SELECT $1, $3", 1, 2)
	b.refusedSQL(`"$2" is not used`, "SELECT $1", 1, 2)
	b.refusedSQL(`"$b" is not used`, "SELECT $a", row{"a": 1, "b": 2})
	b.refusedSQL("one value", "SELECT $1", []int{1, 2})
	b.refusedSQL("one value", "SELECT $1, $2", 1, row{"a": 1})
	b.refusedSQL("bytes", "SELECT $1, $2", strings.Repeat("x", 40_000), strings.Repeat("x", 40_000))
	b.refusedSQL("no parameters", "SHOW TABLES", 1)
	b.refused("needs a query", "sql")
	b.refused("must be a text", "sql", 1)
	b.refused("must be a text", "sql", nil)
	b.refused("at most", "sql", slices.Repeat([]any{1}, 300)...)
	b.refusedSQL("empty", " ")
	b.refusedSQL("empty", ";")
}

func TestSQLDescribes(t *testing.T) {
	b := filled(t, nil)
	tables := `[{"name":"counter"},{"name":"rejected"},{"name":"sensor"},{"name":"telemetry"}]`
	for _, text := range []string{"SHOW TABLES", "show tables;", " SHOW  ALL\nTABLES ", "DESCRIBE", "SHOW"} {
		b.wantSQL(tables, text)
	}
	for _, text := range []string{"DESCRIBE counter", "desc Counter;", `SHOW "counter"`, "DESCRIBE TABLE counter"} {
		b.wantSQL(`[{"column_name":"k","column_type":"INTEGER","null":"NO","key":"PRI"},`+
			`{"column_name":"v","column_type":"BIGINT","null":"YES","key":null},{"column_name":"w","column_type":"VARCHAR","null":"YES","key":null}]`, text)
	}
	for _, text := range []string{"DESCRIBE nosuch", `DESCRIBE "_rembus_counter"`, "SHOW databases", "DESCRIBE duckdb_tables"} {
		b.refusedSQL("SHOW TABLES lists them", text)
	}
	for _, text := range []string{"DESCRIBE SELECT 1", "DESCRIBE counter; DROP TABLE counter", "SHOW TABLES FROM memory", "SUMMARIZE counter", `DESCRIBE "a" "b"`} {
		b.refusedSQL("refused SQL", text)
	}
	if plan := b.rows("sql", "EXPLAIN SELECT count(*) FROM counter WHERE k = $1", 1); !strings.Contains(plan, "physical_plan") {
		t.Errorf("got %s", plan)
	}
	if plan := b.rows("sql", "explain\nWITH c AS (FROM counter) FROM c"); !strings.Contains(plan, "physical_plan") {
		t.Errorf("got %s", plan)
	}
	for _, text := range []string{"EXPLAIN ANALYZE SELECT 1", "EXPLAIN (ANALYZE) SELECT 1", "EXPLAIN (FORMAT json) SELECT 1",
		"EXPLAIN DROP TABLE counter", "EXPLAIN EXPLAIN SELECT 1", "EXPLAIN /**/ ANALYZE SELECT 1", "EXPLAIN SELECT 1; DROP TABLE counter", "EXPLAIN SELECT * FROM duckdb_tables"} {
		b.refusedSQL("refused SQL", text)
	}
	b.wantSQL(`[{"k":1,"v":2,"w":"x"}]`, "FROM counter")
}

// Faults 44, 45, 46 and 48 through sql: refused, and everything as it was.
func TestAttacksThroughSQL(t *testing.T) {
	attacks, err := os.ReadFile("guard/testdata/attacks_sql.txt")
	if err != nil {
		t.Fatal(err)
	}
	b := filled(t, onDisk(t))
	before := b.rows("sql", "SELECT (SELECT count(*) FROM telemetry) AS t, (SELECT count(*) FROM sensor) AS s, (SELECT sum(v) FROM counter) AS v")
	n := 0
	for line := range strings.Lines(string(attacks)) {
		text := strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `\n`, "\n")
		switch {
		case text == "" || strings.HasPrefix(text, "# "):
			continue
		case strings.HasPrefix(text, "DESCRIBE ") || strings.HasPrefix(text, "SHOW ") || strings.HasPrefix(text, "EXPLAIN SELECT"):
			continue // these are answered here
		}
		n++
		b.refusedSQL("", text)
	}
	if n < 150 {
		t.Errorf("only %d attacks", n)
	}
	if after := b.rows("sql", "SELECT (SELECT count(*) FROM telemetry) AS t, (SELECT count(*) FROM sensor) AS s, (SELECT sum(v) FROM counter) AS v"); after != before {
		t.Errorf("%s before, %s after", before, after)
	}
	b.refusedSQL("no table", "SELECT * FROM _rembus_position")
	b.refusedSQL("schema name", "SELECT * FROM _rembus.counter")
}

// What a result may hold at most, and what the error says to do.
func TestSQLLimits(t *testing.T) {
	log := &memLog{}
	for i := range 300 {
		log.publish(t, "counter", row{"k": i, "w": strings.Repeat("x", 5000)})
	}
	b := start(t, log, func(o *lake.Options) {
		o.MaxRows, o.MaxBytes, o.MemoryLimit, o.QueryTimeout = 1000, 100_000, "64MB", 20*time.Second
	})
	const page = "page with limit and offset"
	b.refusedSQL(page, "SELECT a.k FROM counter a, counter b")
	b.refusedSQL("1000 rows", "SELECT a.k FROM counter a, counter b, counter c, counter d")
	b.refusedSQL(page, "SELECT w FROM counter")
	b.refusedSQL("100000 bytes", "SELECT w FROM counter")
	b.wantSQL(`[{"c":90000}]`, "SELECT count(*) AS c FROM counter a, counter b")
	b.refusedSQL("more memory than the lake has", "SELECT sum(strlen(x)) FROM (SELECT a.k, b.k, arg_max(a.w || b.k, b.k) AS x FROM counter a, counter b GROUP BY ALL)")
	b.wantSQL(`[{"c":300}]`, "SELECT count(*) AS c FROM counter")
	b.refusedSQL("Conversion", "SELECT w::INTEGER FROM counter")
	b.refusedSQL("nosuch", "SELECT nosuch FROM counter")
	b.refusedSQL("approx_quantile", "SELECT median(v) FROM counter")
	b.refusedSQL("CAST(x AS JSON)", "SELECT [1, 2] AS list")
}

// Fault 46: joins without end are cancelled at the deadline, wherever they are, and
// others are answered meanwhile.
func TestSQLDeadline(t *testing.T) {
	log := &memLog{}
	for i := range 2000 {
		log.publish(t, "counter", row{"k": i, "v": i, "w": "x"})
	}
	b := start(t, log, func(o *lake.Options) { o.QueryTimeout = 300 * time.Millisecond })
	b.log.Commit()
	if err := b.Await(t.Context(), log.End()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"SELECT count(*) FROM counter a, counter b, counter c, counter d WHERE a.v + b.v + c.v + d.v = 7",
		"SELECT a.k FROM counter a, counter b, counter c, counter d WHERE a.v + b.v + c.v + d.v = 7 AND a.k <> b.k",
		"SELECT max(s) FROM (SELECT sum(a.v) OVER (ORDER BY b.v, a.v) AS s FROM counter a, counter b, counter c)",
		"WITH x AS MATERIALIZED (SELECT a.v AS v FROM counter a, counter b, counter c) SELECT v, count(*) FROM x GROUP BY v",
		"SELECT count(*) FROM counter a JOIN counter b ON a.v < b.v JOIN counter c ON b.v < c.v JOIN counter d ON c.v < d.v",
		"SELECT a.k FROM counter a WHERE a.v > (SELECT count(*) FROM counter b, counter c, counter d WHERE b.v + c.v + d.v > a.v)",
	} {
		b.refusedSQL("timeout", text)
	}
	b.wantSQL(`[{"c":2000}]`, "SELECT count(*) AS c FROM counter")
}
