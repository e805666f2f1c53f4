package lake_test

import (
	"bytes"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/protocol"
)

type row = map[string]any

// frame returns a DataFrame of columns k, v and w; nil is NULL.
func frame(t testing.TB, rows ...[3]any) protocol.DataFrame {
	t.Helper()
	s := arrow.NewSchema([]arrow.Field{
		{Name: "k", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "v", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "w", Type: arrow.BinaryTypes.LargeString, Nullable: true},
		{Name: "extra", Type: arrow.Null, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	for _, r := range rows {
		for i, v := range append(r[:], nil) {
			switch v := v.(type) {
			case nil:
				b.Field(i).AppendNull()
			case int:
				if i == 0 {
					b.Field(0).(*array.Int32Builder).Append(int32(v))
				} else {
					b.Field(1).(*array.Int64Builder).Append(int64(v))
				}
			case string:
				b.Field(2).(*array.LargeStringBuilder).Append(v)
			}
		}
	}
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, ipc.WithSchema(s), ipc.WithLZ4())
	if err := w.Write(b.NewRecordBatch()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return protocol.DataFrame(buf.Bytes())
}

// counters is what the table counter holds, by key.
func (b *bench) counters() string {
	b.t.Helper()
	return b.rows("query_counter", nil)
}

func (b *bench) wantCounters(rows string) {
	b.t.Helper()
	if got := b.counters(); got != rows {
		b.t.Errorf("got  %s\nwant %s", got, rows)
	}
}

// Protocol 6: upsert_T of a map, a list of maps and a DataFrame.
func TestUpsertForms(t *testing.T) {
	b := start(t, &memLog{}, onDisk(t))
	b.ok("upsert_counter", row{"k": 1, "v": 10, "w": "a", "unknown": true})
	b.wantCounters(`[{"k":1,"v":10,"w":"a"}]`)
	b.ok("upsert_counter", []any{row{"k": 1, "v": 11}, row{"k": 1, "v": 12}})
	b.wantCounters(`[{"k":1,"v":12,"w":"a"}]`)
	b.ok("upsert_counter", frame(t, [3]any{1, 13, "b"}))
	b.wantCounters(`[{"k":1,"v":13,"w":"b"}]`)
	b.ok("upsert_counter", []any{})
	b.ok("upsert_counter", row{"k": 1, "v": 14}, row{"other": 1})
	b.ok("upsert_counter", row{"k": 1}, nil)
	b.wantCounters(`[{"k":1,"v":14,"w":"b"}]`)
}

// Protocol 6: without nulls:true columns that are NULL in all rows of the batch
// are not overwritten, others are, NULL included; the last row of a key wins.
func TestUpsertNulls(t *testing.T) {
	for _, form := range []string{"maps", "DataFrame"} {
		t.Run(form, func(t *testing.T) {
			b := start(t, &memLog{}, nil)
			upsert := func(options row, rows ...[3]any) {
				t.Helper()
				var arg any = frame(t, rows...)
				if form == "maps" {
					maps := make([]any, len(rows))
					for i, r := range rows {
						maps[i] = row{"k": r[0], "v": r[1], "w": r[2]}
					}
					arg = maps
				}
				b.ok("upsert_counter", arg, options)
			}
			both := row{"cols": "*", "where": "k IS NOT NULL"}
			upsert(nil, [3]any{1, 10, "a"}, [3]any{1, 11, "b"})
			b.want("query_counter", both, `[{"k":1,"v":11,"w":"b"}]`)
			upsert(nil, [3]any{1, 12, nil}, [3]any{1, 13, nil})
			b.want("query_counter", both, `[{"k":1,"v":13,"w":"b"}]`)
			upsert(nil, [3]any{1, 14, "c"}, [3]any{1, nil, "d"})
			b.want("query_counter", both, `[{"k":1,"v":null,"w":"d"}]`)
			upsert(row{"nulls": true}, [3]any{1, 15, nil})
			b.want("query_counter", both, `[{"k":1,"v":15,"w":null}]`)
			upsert(row{"nulls": false}, [3]any{1, nil, "e"})
			b.want("query_counter", both, `[{"k":1,"v":15,"w":"e"}]`)
		})
	}
}

// Protocol 6: another type is 40, as is what cannot be stored.
func TestUpsertRefusals(t *testing.T) {
	log := &memLog{}
	b := start(t, log, nil)
	end := log.End()
	b.refused("a map", "upsert_counter")
	b.refused("a map", "upsert_counter", 1)
	b.refused("a map", "upsert_counter", "text")
	b.refused("no map", "upsert_counter", []any{1})
	b.refused("options", "upsert_counter", row{"k": 1}, "nulls")
	b.refused("nulls", "upsert_counter", row{"k": 1}, row{"nulls": 1})
	b.refused("arguments", "upsert_counter", row{"k": 1}, nil, 3)
	b.refused("key", "upsert_counter", row{"v": 1})
	b.refused("key", "upsert_counter", row{"k": nil})
	b.refused(`"v"`, "upsert_counter", row{"k": 1, "v": "text"})
	b.refused("row 2", "upsert_counter", []any{row{"k": 1}, row{"k": 1 << 40}})
	b.refused(`"k"`, "upsert_counter", frame(t, [3]any{1, 1, "a"}, [3]any{nil, 1, "a"}))
	b.refused("damaged", "upsert_counter", protocol.DataFrame("no frame"))
	if log.End() != end {
		t.Error("a refused upsert is in the log")
	}
	// What only DuckDB sees is answered too: the column must not be NULL in a new row.
	b.refused("NULL", "upsert_sensor", row{"dn": "d"})
	b.ok("upsert_sensor", row{"dn": "d", "site": "s"})
	b.ok("upsert_sensor", row{"dn": "d", "temperature": 1.0})
	b.want("query_sensor", nil, `[{"site":"s","dn":"d","kind":null,"temperature":1,"pressure":null}]`)
	b.wantCounters(`[]`)
}

// A table without keys takes an upsert as new rows, as in Rembus.
func TestUpsertWithoutKeysAppends(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.ok("upsert_telemetry", row{"dn": "a", "n": 1})
	b.ok("upsert_telemetry", []any{row{"dn": "a", "n": 1}, row{"dn": "b"}})
	b.want("query_telemetry", row{"cols": "dn, n"}, `[{"dn":"a","n":1},{"dn":"a","n":1},{"dn":"b","n":null}]`)
	b.want("query_telemetry", row{"cols": "count(*) AS n", "where": "ts > 1600000000000000000 AND time_bucket IS NULL"}, `[{"n":3}]`)
}

// Protocol 6: delete_T with and without where; when is ignored, other keys are 40.
func TestDelete(t *testing.T) {
	b := start(t, &memLog{}, onDisk(t))
	for k := range 4 {
		b.log.publish(t, "counter", row{"k": k, "v": k})
	}
	b.ok("delete_counter", row{"where": "k = 1 -- comment", "when": 5})
	b.ok("delete_counter", row{"where": "counter.v > 2"})
	b.want("query_counter", row{"cols": "k"}, `[{"k":0},{"k":2}]`)
	b.refused("invalid key", "delete_counter", row{"cols": "k"})
	b.refused("map", "delete_counter", "k = 1")
	b.refused("where", "delete_counter", row{"where": ""})
	b.refused("where", "delete_counter", row{"where": 1})
	b.refused("column", "delete_counter", row{"where": "_seq > 0"})
	b.refused("Conversion", "delete_counter", row{"where": "CAST(concat('x', k) AS INTEGER) = 1"})
	b.want("query_counter", row{"cols": "k"}, `[{"k":0},{"k":2}]`)
	b.ok("delete_counter")
	b.wantCounters(`[]`)
}

// Commands are applied in order with what was published, and the answer of each
// is its own.
func TestCommandsKeepTheirOrder(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.log.publish(t, "counter", row{"k": 1, "v": 1})
	b.log.publish(t, "a/telemetry", row{"n": 1})
	b.ok("delete_counter", nil)
	b.log.publish(t, "counter", row{"k": 1, "w": "new"})
	b.ok("upsert_counter", row{"k": 2, "v": 2})
	b.log.publish(t, "counter", row{"k": 2, "v": 3})
	b.want("query_counter", row{"where": "k = 1"}, `[{"k":1,"v":null,"w":"new"}]`)
	b.want("query_counter", row{"where": "k = 2"}, `[{"k":2,"v":3,"w":null}]`)
}
