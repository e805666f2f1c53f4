package lake_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// list is the only column of a result.
func (b *bench) list(method string, args row) (values []any) {
	b.t.Helper()
	var rows []row
	if err := json.Unmarshal([]byte(b.rows(method, args)), &rows); err != nil {
		b.t.Fatal(err)
	}
	for _, r := range rows {
		for _, v := range r {
			values = append(values, v)
		}
	}
	return values
}

// frame2 is a DataFrame of a column n that counts.
func frame2(t testing.TB, from, to int64) protocol.DataFrame {
	t.Helper()
	s := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, s)
	for i := from; i < to; i++ {
		b.Field(0).(*array.Int64Builder).Append(i)
	}
	f, err := arrowipc.Encode(s, b.NewRecordBatch())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const rooms = `{"tables": [
	{"table": "room", "topic": ":house/:number/room", "delete_topic": ":house/:number/room/gone", "keys": ["house", "number"],
	 "extras": {"slot": "slot"}, "columns": [
		{"col": "house", "type": "TEXT"}, {"col": "number", "type": "INTEGER"}, {"col": "lit", "type": "BOOLEAN"},
		{"col": "guest", "type": "TEXT"}]}]}`

// The versions of a row, in whatever batches its messages came: merges that keep
// values, NULLs that overwrite, deletions of both kinds and a new beginning.
func TestHistory(t *testing.T) {
	for _, batch := range []int{1, 2, 1000} {
		t.Run(fmt.Sprint(batch), func(t *testing.T) {
			log := &memLog{}
			b := start(t, log, func(o *lake.Options) { o.Schema, o.BatchRows = parse(t, rooms), batch })
			b.at(1, "h/1/room", row{"lit": true})
			b.at(2, "h/2/room", row{"guest": "other"})
			b.at(3, "h/1/room", row{"guest": "a"})
			b.at(4, "h/1/room/gone", row{"guest": "is ignored"})
			b.at(5, "h/1/room/gone")
			b.at(6, "h/1/room", row{"guest": "b"})
			b.command(7, protocol.EntryUpsert, "room", []any{row{"house": "h", "number": 1, "guest": "x"}, row{"house": "h", "number": 1, "lit": false}})
			b.command(8, protocol.EntryUpsert, "room", row{"house": "h", "number": 1}, row{"nulls": true})
			b.at(9, "h/3/room/gone")
			b.command(12, protocol.EntryDelete, "room", row{"where": "number = 1"})
			b.at(13, "h/1/room", row{"lit": true})
			version := func(lit, guest, from, to string) string {
				if to != "null" {
					to = `"2027-01-15T08:00:00.0000` + to + `Z"`
				}
				return fmt.Sprintf(`{"house":"h","number":1,"lit":%s,"guest":%s,"slot":null,"valid_from":"2027-01-15T08:00:00.0000%sZ","valid_to":%s}`, lit, guest, from, to)
			}
			want := "[" + version("true", "null", "01", "03") + "," + version("true", `"a"`, "03", "04") + "," +
				version("null", `"b"`, "06", "07") + "," + version("false", "null", "07", "08") + "," +
				version("null", "null", "08", "12") + "," + version("true", "null", "13", "null") + "]"
			for _, args := range [][]any{{row{"number": 1, "house": "h", "unknown": 1}}, {"h", 1}} {
				if got := b.rows("history_room", args...); got != want {
					t.Errorf("%v\ngot  %s\nwant %s", args, got, want)
				}
			}
			if got := b.rows("history_room", "h", 9); got != "[]" {
				t.Errorf("got %s", got)
			}
			b.want("query_room", row{"cols": "number, lit, guest"}, `[{"number":2,"lit":null,"guest":"other"},{"number":1,"lit":true,"guest":null}]`)
			if b.Refused() != 0 {
				t.Errorf("%d refused", b.Refused())
			}
		})
	}
}

func TestHistoryArguments(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.refused("no keys", "history_telemetry", "a")
	for _, args := range [][]any{{}, {nil}, {row{}}, {row{"v": 1}}, {"text"}, {1, 2}, {row{"k": nil}}, {[]any{1}}, {1.5}, {frame(t, [3]any{1, 1, "a"})}} {
		b.refused("keys of one row", "history_counter", args...)
	}
	if got := b.rows("history_counter", 1); got != "[]" {
		t.Errorf("got %s", got)
	}
}

// Keys of every type find their row.
func TestHistoryKeyTypes(t *testing.T) {
	types := map[string]any{
		"BOOLEAN": true, "TEXT": "it's ü", "BLOB": []byte{0, 255}, "TINYINT": -128, "UTINYINT": 255, "SMALLINT": -1, "USMALLINT": 65535,
		"INTEGER": -5, "UINTEGER": 5, "BIGINT": int64(-1 << 62), "UBIGINT": uint64(1<<64 - 1), "HUGEINT": -7, "UHUGEINT": 7,
		"FLOAT": 0.1, "DOUBLE": 0.1, "DECIMAL(10,2)": -12.25, "DECIMAL(38,1)": 1234567, "TIMESTAMP": "2027-01-15T08:00:00.000001", "TIMESTAMPTZ": "2027-01-15T08:00:00+02:00",
		"DATE": "2027-01-15", "TIME": "08:00:00.5", "UUID": "123e4567-e89b-12d3-a456-426614174000",
	}
	text := ""
	for kind := range types {
		text += fmt.Sprintf(`{"table": "by %[1]s", "keys": ["key"], "columns": [{"col": "key", "type": "%[1]s"}, {"col": "v", "type": "INTEGER"}]},`, kind)
	}
	b := start(t, &memLog{}, func(o *lake.Options) { o.Schema = parse(t, `{"tables": [`+text[:len(text)-1]+`]}`) })
	for kind, key := range types {
		for v := range 3 {
			b.log.publish(t, "by "+kind, row{"key": key, "v": v})
		}
	}
	for kind, key := range types {
		var versions []struct{ V int }
		if err := json.Unmarshal([]byte(b.rows("history_by "+kind, key)), &versions); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(versions) != "[{0} {1} {2}]" {
			t.Errorf("%s: %v", kind, versions)
		}
	}
	if b.Refused() != 0 {
		t.Errorf("%d refused", b.Refused())
	}
}

// A deletion topic takes a key by name, by position and many in a DataFrame; what
// names no key is refused and counted.
func TestDeletionTopic(t *testing.T) {
	const text = `{"tables": [{"table": "counter", "keys": ["k"], "delete_topic": "gone", "columns": [
		{"col": "k", "type": "INTEGER"}, {"col": "v", "type": "BIGINT"}, {"col": "w", "type": "TEXT"}]}]}`
	b := start(t, &memLog{}, func(o *lake.Options) { o.Schema = parse(t, text) })
	for k := range 10 {
		b.at(int64(k), "counter", row{"k": k, "v": k})
	}
	b.at(100, "gone", row{"k": 1, "v": "ignored"})
	b.at(101, "gone", 2)
	b.at(102, "gone", frame(t, [3]any{3, nil, nil}, [3]any{nil, 1, "a"}, [3]any{4, 5, "b"}, [3]any{3, 1, nil}, [3]any{77, nil, nil}))
	b.at(103, "gone", "no number")
	b.at(104, "gone")
	b.at(105, "gone", 1, 2)
	b.want("query_counter", row{"cols": "k"}, `[{"k":0},{"k":5},{"k":6},{"k":7},{"k":8},{"k":9}]`)
	b.want("query_counter", row{"cols": "count(*) AS n", "when": noon + 0.000101}, `[{"n":8}]`)
	if b.Refused() != 4 {
		t.Errorf("%d refused", b.Refused())
	}
}

// A row that must have a value and has none is refused, though a message that comes
// later in the same batch would have brought it: what is stored does not depend on
// batches.
func TestRefusalsDoNotDependOnBatches(t *testing.T) {
	for _, batch := range []int{1, 1000} {
		b := start(t, &memLog{}, func(o *lake.Options) { o.BatchRows = batch })
		b.command(1, protocol.EntryUpsert, "sensor", row{"dn": "d", "kind": "k"})
		b.command(2, protocol.EntryUpsert, "sensor", row{"dn": "d", "site": "s"})
		b.command(3, protocol.EntryUpsert, "sensor", row{"dn": "e", "kind": "k"})
		b.command(4, protocol.EntryDelete, "sensor", nil)
		b.command(5, protocol.EntryUpsert, "sensor", row{"dn": "e", "site": "s"})
		b.want("query_sensor", row{"cols": "dn, site, kind"}, `[{"dn":"e","site":"s","kind":null}]`)
		b.want("query_sensor", row{"cols": "dn, site, kind", "when": noon + 0.000003}, `[{"dn":"d","site":"s","kind":null}]`)
		if b.Refused() != 2 {
			t.Errorf("%d refused in batches of %d", b.Refused(), batch)
		}
	}
}
