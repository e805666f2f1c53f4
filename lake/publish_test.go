package lake_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// Protocol 6: the forms of a published payload.
func TestPayloadForms(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.log.publish(t, "a/telemetry", row{"temperature": 1, "n": 2, "unknown": "x"}) // one map
	b.log.publish(t, "b/telemetry")                                                // none
	b.log.publish(t, "c/telemetry", "other", 3.5, 4)                               // positional
	b.log.publish(t, "telemetry", row{"dn": "d"})                                  // the table's name
	b.want("query_telemetry", row{"cols": "dn, temperature, n"},
		`[{"dn":"a","temperature":1,"n":2},{"dn":"b","temperature":null,"n":null},`+
			`{"dn":"other","temperature":3.5,"n":4},{"dn":"d","temperature":null,"n":null}]`)
}

// Protocol 6: extras.
func TestExtras(t *testing.T) {
	b := start(t, &memLog{}, nil)
	p, err := protocol.EncodeArgs(row{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	b.log.append(&protocol.Entry{Time: 1234567890123456789, Msg: &protocol.Message{
		Type: protocol.Pub, Topic: "a/telemetry", HasSlot: true, Slot: 4294967295, Data: p}})
	b.log.append(&protocol.Entry{Time: 5, Msg: protocol.NewPub("a/telemetry", p)})
	b.want("query_telemetry", nil,
		`[{"dn":"a","temperature":null,"n":1,"ts":1234567890123456789,"time_bucket":4294967295},`+
			`{"dn":"a","temperature":null,"n":1,"ts":5,"time_bucket":null}]`)
}

// Protocol 6: keys. Each message is merged by itself, in whatever batch it is.
func TestKeysMergeMessages(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.log.publish(t, "s/a/sensor", row{"temperature": 1.0, "kind": "x"})
	b.log.publish(t, "s/a/sensor", row{"pressure": 2.0, "kind": "y"})
	b.log.publish(t, "s/b/sensor", row{})
	b.want("query_sensor", row{"cols": "*", "where": "dn = 'a'"},
		`[{"site":"s","dn":"a","kind":"y","temperature":1,"pressure":2}]`)
	b.log.publish(t, "z/a/sensor", row{"temperature": nil, "kind": "z"})
	b.want("query_sensor", row{"cols": "*", "where": "dn = 'a'"},
		`[{"site":"z","dn":"a","kind":"z","temperature":1,"pressure":2}]`)
	b.want("query_sensor", row{"cols": "count(*) AS n"}, `[{"n":2}]`)
}

// A frame written by polars 2.1, with string views: columns by name, others
// ignored, missing ones filled from the topic and by NULL.
func TestFrameOfPolars(t *testing.T) {
	stream, err := os.ReadFile("../internal/arrowipc/testdata/polars_zstd.arrows")
	if err != nil {
		t.Fatal(err)
	}
	const frames = `{"tables": [{"table": "frames", "topic": ":place/frames", "extras": {"slot": "slot"}, "columns": [
		{"col": "place", "type": "TEXT"}, {"col": "dn", "type": "TEXT"}, {"col": "f", "type": "DOUBLE"},
		{"col": "i", "type": "SMALLINT"}, {"col": "b", "type": "BOOLEAN"}, {"col": "raw", "type": "BLOB"},
		{"col": "ts", "type": "TIMESTAMP"}, {"col": "u", "type": "UBIGINT"}, {"col": "cat", "type": "TEXT"},
		{"col": "dec", "type": "HUGEINT"}, {"col": "nil", "type": "FLOAT"}, {"col": "i8", "type": "TINYINT"},
		{"col": "absent", "type": "INTEGER", "default": 7}]}]}`
	b := start(t, &memLog{}, func(o *lake.Options) { o.Schema = parse(t, frames) })
	b.log.publish(t, "here/frames", protocol.DataFrame(stream))
	b.want("query_frames", nil, `[`+
		`{"place":"here","dn":"a","f":1.5,"i":1,"b":true,"raw":"AAE=","ts":"2026-01-02T03:04:05.000006Z","u":18446744073709551615,"cat":"x","dec":1,"nil":null,"i8":1,"absent":7,"slot":null},`+
		`{"place":"here","dn":null,"f":null,"i":null,"b":null,"raw":null,"ts":null,"u":null,"cat":"y","dec":2,"nil":null,"i8":-1,"absent":7,"slot":null},`+
		`{"place":"here","dn":"a longer text than twelve bytes","f":null,"i":3,"b":false,"raw":"YSBsb25nZXIgYmxvYiB0aGFuIHR3ZWx2ZSBieXRlcw==","ts":"1969-01-01T00:00:00Z","u":0,"cat":"x","dec":null,"nil":null,"i8":null,"absent":7,"slot":null}]`)
	// Alone as the data, with junk behind it, as Julia sends it.
	p, err := protocol.EncodeValue(protocol.DataFrame(append(stream, "junk"...)))
	if err != nil {
		t.Fatal(err)
	}
	b.log.append(&protocol.Entry{Msg: protocol.NewPub("there/frames", p)})
	b.want("query_frames", row{"cols": "count(*) AS n", "where": "place = 'there'"}, `[{"n":3}]`)
}

// Of a published frame only the rows are refused that do not fit.
func TestFrameWithWrongRows(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.log.publish(t, "counter", frame(t, [3]any{1, 10, "a"}, [3]any{nil, 11, "b"}, [3]any{nil, nil, "c"}, [3]any{4, 12, nil}))
	b.want("query_counter", row{"cols": "*", "where": "k > 0"}, `[{"k":1,"v":10,"w":"a"},{"k":4,"v":12,"w":null}]`)
	if b.Refused() != 2 {
		t.Errorf("%d rows refused", b.Refused())
	}
}

// In a table with keys a frame overwrites by NULL the columns that have a value in
// one of its rows, as an upsert does.
func TestFrameMergesAsOneBatch(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.log.publish(t, "counter", frame(t, [3]any{1, 1, "a"}, [3]any{2, 2, "b"}))
	b.log.publish(t, "counter", frame(t, [3]any{1, nil, nil}, [3]any{2, 3, nil}))
	b.log.publish(t, "counter", row{"k": 3, "v": 4})
	b.want("query_counter", row{"cols": "*", "where": "k = 1"}, `[{"k":1,"v":null,"w":"a"}]`)
	b.want("query_counter", row{"cols": "*", "where": "k = 2"}, `[{"k":2,"v":3,"w":"b"}]`)
	b.want("query_counter", row{"cols": "*", "where": "k = 3"}, `[{"k":3,"v":4,"w":null}]`)
}

// Fault 29: damaged frames are refused, and what comes with them is stored.
func TestDamagedFrames(t *testing.T) {
	b := start(t, &memLog{}, nil)
	good := frame(t, [3]any{1, 10, "a"})
	for n := 8; n < len(good); n += 40 {
		b.log.publish(t, "counter", good[:n:n])
	}
	b.log.publish(t, "counter", protocol.DataFrame(nil))
	b.log.publish(t, "counter", protocol.DataFrame(strings.Repeat("\xff", 4096)))
	b.log.publish(t, "counter", row{"k": 2})
	b.want("query_counter", row{"cols": "k", "where": "k = 2"}, `[{"k":2}]`)
	if b.Refused() == 0 {
		t.Error("nothing refused")
	}
}

// Rows that do not fit are counted, and those around them stored.
func TestRefusedRows(t *testing.T) {
	b := start(t, &memLog{}, nil)
	for i := range 100 {
		b.log.publish(t, "counter", row{"k": i, "v": i})
		b.log.publish(t, "counter", row{"k": "no number"})
		b.log.publish(t, "counter", 1, 2)
		b.log.publish(t, "counter", row{"v": i})
	}
	b.want("query_counter", row{"cols": "count(*) AS n"}, `[{"n":100}]`)
	if b.Refused() != 300 {
		t.Errorf("%d rows refused", b.Refused())
	}
}

// What only DuckDB refuses is found by halving the batch: here a new row that must
// have a value, of which the schema cannot know.
func TestBatchIsHalvedAroundBadRows(t *testing.T) {
	log := &memLog{}
	bad, err := protocol.EncodeArgs(row{"dn": "new"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		log.publish(t, "s/a/sensor", row{"pressure": i})
		if i%50 == 7 {
			log.append(&protocol.Entry{Kind: protocol.EntryUpsert, Msg: protocol.NewPub("sensor", bad)})
		}
	}
	log.Commit()
	b := start(t, log, nil)
	b.want("query_sensor", row{"cols": "dn, pressure"}, `[{"dn":"a","pressure":199}]`)
	if b.Refused() != 4 {
		t.Errorf("%d refused", b.Refused())
	}
	for seq := uint64(1); seq <= log.End(); seq++ {
		err := b.Await(context.Background(), seq)
		if isBad := log.entries[seq-1].Kind == protocol.EntryUpsert; isBad != (err != nil) {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
}
