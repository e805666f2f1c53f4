package lake_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// Protocol 6: the argument of query_T.
func TestQueryArguments(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.log.publish(t, "counter", row{"k": 1, "v": 2, "w": "x"})
	for _, args := range [][]any{{}, {nil}, {row{}}, {row{"where": nil, "cols": nil, "when": nil}}} {
		if got := b.rows("query_counter", args...); got != `[{"k":1,"v":2,"w":"x"}]` {
			t.Errorf("%v: %s", args, got)
		}
	}
	b.want("query_counter", row{"cols": []string{"w", "k AS key"}}, `[{"w":"x","key":1}]`)
	b.want("query_counter", row{"cols": "k, v + 1 AS k"}, `[{"k":1,"k_1":3}]`)
	b.want("query_counter", row{"where": "k = 2"}, `[]`)
	b.refused("invalid key", "query_counter", row{"order": "k"})
	b.refused("map", "query_counter", 1)
	b.refused("map", "query_counter", []string{"k"})
	b.refused("arguments", "query_counter", nil, nil)
	b.refused("where", "query_counter", row{"where": 5})
	b.refused("where", "query_counter", row{"where": ""})
	b.refused("cols", "query_counter", row{"cols": 5})
	b.refused("cols", "query_counter", row{"cols": []any{1}})
	b.refused("cols", "query_counter", row{"cols": []any{}})
	b.refused("Conversion", "query_counter", row{"where": "CAST(w AS INTEGER) = 1"})
	b.refused("GROUP BY", "query_counter", row{"cols": "k, count(*)"})
	b.refused("CAST(x AS VARCHAR)", "query_counter", row{"cols": "INTERVAL 1 DAY"})
}

// All column types, there and back.
func TestColumnTypes(t *testing.T) {
	const text = `{"tables": [{"table": "types", "columns": [
		{"col": "bo", "type": "BOOLEAN"}, {"col": "te", "type": "TEXT"}, {"col": "bl", "type": "BLOB"},
		{"col": "i1", "type": "TINYINT"}, {"col": "u1", "type": "UTINYINT"}, {"col": "i2", "type": "SMALLINT"}, {"col": "u2", "type": "USMALLINT"},
		{"col": "i4", "type": "INTEGER"}, {"col": "u4", "type": "UINTEGER"}, {"col": "i8", "type": "BIGINT"}, {"col": "u8", "type": "UBIGINT"},
		{"col": "ih", "type": "HUGEINT"}, {"col": "uh", "type": "UHUGEINT"}, {"col": "f4", "type": "FLOAT"}, {"col": "f8", "type": "DOUBLE"},
		{"col": "ts", "type": "TIMESTAMP"}]}]}`
	b := start(t, &memLog{}, func(o *lake.Options) { o.Schema = parse(t, text) })
	b.log.publish(t, "types", true, "ü", []byte{1, 255}, -128, 255, -32768, 65535, -2147483648, uint32(4294967295),
		int64(-9223372036854775808), uint64(18446744073709551615), -5, 6, 0.5, 0.1, "2026-11-20T10:00:00.123456Z")
	b.log.publish(t, "types", row{})
	b.want("query_types", nil, `[{"bo":true,"te":"ü","bl":"Af8=","i1":-128,"u1":255,"i2":-32768,"u2":65535,"i4":-2147483648,"u4":4294967295,`+
		`"i8":-9223372036854775808,"u8":18446744073709551615,"ih":-5,"uh":6,"f4":0.5,"f8":0.1,"ts":"2026-11-20T10:00:00.123456Z"},`+
		`{"bo":null,"te":null,"bl":null,"i1":null,"u1":null,"i2":null,"u2":null,"i4":null,"u4":null,`+
		`"i8":null,"u8":null,"ih":null,"uh":null,"f4":null,"f8":null,"ts":null}]`)
	b.want("query_types", row{"cols": "ts::DATE AS d, i4 * 1.5 AS p, NULL AS x", "where": "bo"},
		`[{"d":"2026-11-20","p":"-3221225472.0","x":null}]`)
	b.refused("38 digits", "query_types", row{"cols": "170141183460469231731687303715884105727 AS big"})
}

// What a result may hold at most.
func TestResultLimits(t *testing.T) {
	log := &memLog{}
	for i := range 1000 {
		log.publish(t, "counter", row{"k": i, "w": strings.Repeat("x", 1000)})
	}
	b := start(t, log, func(o *lake.Options) { o.MaxRows, o.MaxBytes = 500, 100_000 })
	b.refused("more than 500 rows", "query_counter", row{"cols": "k"})
	b.refused("more than 100000 bytes", "query_counter", row{"where": "k < 200"})
	b.want("query_counter", row{"cols": "count(*) AS n"}, `[{"n":1000}]`)
	if _, err := b.call("query_counter", row{"where": "k < 50"}); err != nil {
		t.Error(err)
	}
}

// Faults 44, 45, 47 and 48 through every door: refused, the tables intact.
func TestAttacksThroughProcedures(t *testing.T) {
	secret := t.TempDir() + "/secret.csv"
	if err := os.WriteFile(secret, []byte("k\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := start(t, &memLog{}, onDisk(t))
	b.log.publish(t, "counter", row{"k": 1, "v": 1})
	attacks := []string{
		"1=1; DROP TABLE counter",
		"1=1); DROP VIEW counter; --",
		"1=1) OR (1=1",
		"k IN (SELECT k FROM read_csv('" + secret + "'))",
		"EXISTS (FROM '" + secret + "')",
		"k IN (SELECT k FROM _rembus_rows.counter)",
		"k IN (SELECT dn FROM telemetry)",
		"1=1; ATTACH ':memory:' AS m",
		"1=1; COPY counter TO '/tmp/out.csv'",
		"1=1; SET memory_limit = '100GB'",
		"len(range(500000000)) > k",
		"getenv('HOME') = ''",
	}
	for _, text := range attacks {
		b.refused("refused SQL", "query_counter", row{"where": text})
		b.refused("refused SQL", "delete_counter", row{"where": text})
		b.refused("refused SQL", "query_counter", row{"cols": text})
		b.refused("refused SQL", "query_counter", row{"cols": []string{"k", text}, "where": "k = 1"})
	}
	b.refused("limit must be", "query_counter", row{"limit": "1; DROP TABLE counter"})
	b.refused("offset must be", "query_counter", row{"offset": "1; DROP TABLE counter"})
	b.refused("when must be", "query_counter", row{"when": "'); DROP TABLE counter; --"})
	b.refused("keys of one row", "history_counter", "1); DROP TABLE counter; --")
	b.want("query_counter", nil, `[{"k":1,"v":1,"w":null}]`)
	if b.Refused() != 0 {
		t.Errorf("%d attacks reached the log", b.Refused())
	}
}

// Fault 44: an attack that is in the log itself, as from an older broker, is refused
// when it is applied.
func TestAttackInTheLog(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.log.publish(t, "counter", row{"k": 1})
	p, err := protocol.EncodeArgs(row{"where": "1=1; DROP TABLE counter"})
	if err != nil {
		t.Fatal(err)
	}
	seq := b.log.append(&protocol.Entry{Kind: protocol.EntryDelete, Msg: protocol.NewPub("counter", p)})
	b.log.Commit()
	if err := b.Await(t.Context(), seq); err == nil || !strings.Contains(err.Error(), "refused SQL") {
		t.Errorf("got %v", err)
	}
	b.want("query_counter", row{"cols": "k"}, `[{"k":1}]`)
}

// Fault 46: a costly condition ends at the deadline, and others are answered
// meanwhile.
func TestQueryDeadline(t *testing.T) {
	log := &memLog{}
	b := start(t, log, func(o *lake.Options) {
		o.Schema, o.QueryTimeout = parse(t, benchTables), 600*time.Millisecond
	})
	f := benchFrame(t, 300_000)
	for range 4 {
		log.publish(t, "plain", f)
	}
	log.Commit()
	if err := b.Await(t.Context(), log.End()); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var sines strings.Builder // 400 of them for each row
	for i := range 400 {
		fmt.Fprintf(&sines, ", sin(n + %d)", i)
	}
	slow := "greatest(0" + sines.String() + ") > 5"
	b.refused("timeout", "query_plain", row{"where": slow, "cols": "count(*)"})
	b.refused("timeout", "delete_plain", row{"where": slow})
	b.want("query_plain", row{"cols": "count(*) AS n"}, `[{"n":1200000}]`)
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 256<<20 {
		t.Errorf("heap grew by %d", grown)
	}
}

// More queries than run at a time wait for their turn, no longer than their context.
func TestQueriesTakeTurns(t *testing.T) {
	b := start(t, &memLog{}, func(o *lake.Options) { o.Queries = 1 })
	b.log.publish(t, "counter", row{"k": 1})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { b.want("query_counter", row{"cols": "k"}, `[{"k":1}]`) })
	}
	all.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.calls["query_counter"](ctx, "", nil); err == nil {
		t.Error("answered after the end of its context")
	}
}
