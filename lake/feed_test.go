package lake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// fedColumns are of all types that reach DuckDB column by column.
const fedColumns = `{"col": "place", "type": "TEXT"}, {"col": "k", "type": "INTEGER", "nullable": false},
	{"col": "bool", "type": "BOOLEAN"}, {"col": "i8", "type": "TINYINT"}, {"col": "u8", "type": "UTINYINT"},
	{"col": "i16", "type": "SMALLINT"}, {"col": "u16", "type": "USMALLINT"}, {"col": "u32", "type": "UINTEGER"},
	{"col": "i64", "type": "BIGINT"}, {"col": "u64", "type": "UBIGINT"}, {"col": "f32", "type": "FLOAT"},
	{"col": "f64", "type": "DOUBLE"}, {"col": "text", "type": "TEXT"}, {"col": "view", "type": "TEXT"},
	{"col": "blob", "type": "BLOB"}, {"col": "ts", "type": "TIMESTAMP"}, {"col": "tz", "type": "TIMESTAMPTZ"},
	{"col": "json", "type": "JSON"}, {"col": "none", "type": "TEXT"}, {"col": "kind", "type": "TEXT", "default": "new"}`

// fedNames are those of fedColumns and of an extra.
var fedNames = strings.Fields("place k bool i8 u8 i16 u16 u32 i64 u64 f32 f64 text view blob ts tz json none kind topic")

// fedTables are pairs: a table that takes a large DataFrame as a whole, and one that a
// column of another type keeps from it.
func fedTables() string {
	var tables []string
	for _, keys := range []string{"", `"keys": ["k"],`} {
		for _, way := range []string{"fed", "single"} {
			columns := fedColumns
			if way == "single" {
				columns += `, {"col": "id", "type": "UUID"}`
			}
			name := way
			if keys != "" {
				name += "_keyed"
			}
			tables = append(tables, fmt.Sprintf(`{"table": %q, "topic": ":place/%s", %s "extras": {"topic": "topic"}, "columns": [%s]}`, name, name, keys, columns))
		}
	}
	return `{"tables": [` + strings.Join(tables, ", ") + `]}`
}

// fedFrame has n rows in two batches, with the keys 0 to n−1, but NULL in the rows that
// are wrong. Some columns have the type of the table's, others are converted.
func fedFrame(t testing.TB, n int, wrong ...int) protocol.DataFrame {
	ns := &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	p := arrow.PrimitiveTypes
	s := arrow.NewSchema([]arrow.Field{
		{Name: "k", Type: p.Int32, Nullable: true}, {Name: "bool", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "i8", Type: p.Int8, Nullable: true}, {Name: "u8", Type: p.Uint8, Nullable: true},
		{Name: "i16", Type: p.Int16, Nullable: true}, {Name: "u16", Type: p.Uint64, Nullable: true},
		{Name: "u32", Type: p.Uint32, Nullable: true}, {Name: "i64", Type: p.Int32, Nullable: true},
		{Name: "u64", Type: p.Uint64, Nullable: true}, {Name: "f32", Type: p.Float64, Nullable: true},
		{Name: "f64", Type: p.Float64, Nullable: true}, {Name: "text", Type: arrow.BinaryTypes.LargeString, Nullable: true},
		{Name: "view", Type: arrow.BinaryTypes.StringView, Nullable: true}, {Name: "blob", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "ts", Type: ns, Nullable: true}, {Name: "tz", Type: ns, Nullable: true},
		{Name: "json", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "none", Type: arrow.Null, Nullable: true},
	}, nil)
	values := []string{"0", "true", "-8", "8", "-16", "16", "32", "-64", "18446744073709551615", "1.5", "-0.25",
		"text", "a view of more than twelve bytes", "Ynl0ZXM=", "2026-01-02T03:04:05.000006Z", "1969-12-31T23:59:59.999999Z", `{"a": [1]}`, ""}
	bad := map[int]bool{}
	for _, i := range wrong {
		bad[i] = true
	}
	var batches []arrow.RecordBatch
	r := array.NewRecordBuilder(memory.DefaultAllocator, s)
	for i := range n {
		for col, text := range values {
			b := r.Field(col)
			switch {
			case col == 0 && !bad[i]:
				b.(*array.Int32Builder).Append(int32(i))
			case col == 0 || (i+col)%7 == 0 || text == "":
				b.AppendNull()
			default:
				if err := b.AppendValueFromString(text); err != nil {
					t.Fatal(col, err)
				}
			}
		}
		if i == n/3 {
			batches = append(batches, r.NewRecordBatch())
		}
	}
	frame, err := arrowipc.Encode(s, append(batches, r.NewRecordBatch())...)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// A DataFrame that reaches DuckDB column by column makes the same rows, in the same
// order, as one whose rows are added one by one; and so do one with rows that are
// refused, and messages before and behind it.
func TestFedAsSingle(t *testing.T) {
	const n = 5000
	b := start(t, &memLog{}, func(o *lake.Options) { o.Schema, o.BatchInterval = parse(t, fedTables()), 1<<40 })
	whole, partly := fedFrame(t, n), fedFrame(t, n, 3, n-1)
	// The key makes the position in the log of both tables' messages differ, nothing else.
	for _, kind := range []string{"", "_keyed"} {
		for _, way := range []string{"fed", "single"} {
			topic := "here/" + way + kind
			b.log.publish(t, topic, row{"k": 7, "text": "before", "i64": 1})
			b.log.publish(t, topic, whole)
			b.log.publish(t, topic, row{"k": 8, "text": "behind"})
			b.log.publish(t, topic, partly)
		}
	}
	for _, kind := range []string{"", "_keyed"} {
		rows := 2*n - 2 + 2
		if kind != "" {
			rows = n
		}
		b.want("query_fed"+kind, row{"cols": "count(*) AS n"}, fmt.Sprintf(`[{"n":%d}]`, rows))
		query := row{"cols": fedNames}
		if kind != "" {
			query = row{"cols": fedNames, "where": "k >= 0"}
		}
		fed, single := b.rows("query_fed"+kind, query), b.rows("query_single"+kind, query)
		single = strings.ReplaceAll(single, "here/single", "here/fed")
		if fed != single {
			at := 0
			for at < min(len(fed), len(single)) && fed[at] == single[at] {
				at++
			}
			t.Errorf("%q differ at %d:\n%.300s\n%.300s", kind, at, fed[max(0, at-150):], single[max(0, at-150):])
		}
	}
	if b.Refused() != 8 {
		t.Errorf("%d rows refused", b.Refused())
	}
}

// An upsert that is fed is refused as a whole, and what was fed once is not there again.
func TestFedUpsert(t *testing.T) {
	const n = 5000
	b := start(t, &memLog{}, func(o *lake.Options) { o.Schema = parse(t, fedTables()) })
	b.ok("upsert_fed_keyed", fedFrame(t, n))
	b.refused("must not be", "upsert_fed_keyed", fedFrame(t, n, n-1))
	b.ok("upsert_fed_keyed", fedFrame(t, n+1))
	b.want("query_fed_keyed", row{"cols": "count(*) AS n, count(DISTINCT k) AS d, count(place) AS p"}, fmt.Sprintf(`[{"n":%d,"d":%[1]d,"p":0}]`, n+1))
}
