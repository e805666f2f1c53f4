package schema

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

const rowSchema = `{"tables": [
 {"table": "telemetry", "topic": ":dn/telemetry", "extras": {"recv_ts": "ts", "slot": "bucket"}, "columns": [
   {"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}, {"col": "pressure", "type": "DOUBLE", "default": 1013.25}]},
 {"table": "sensor", "topic": ":site/:kind/:dn/sensor", "delete_topic": ":site/:dn/gone", "keys": ["dn"], "columns": [
   {"col": "site", "type": "TEXT"}, {"col": "kind", "type": "INTEGER"}, {"col": "dn", "type": "TEXT"}]},
 {"table": "strict", "columns": [{"col": "a", "type": "INTEGER", "nullable": false}, {"col": "raw", "type": "BLOB"}]},
 {"table": "one", "columns": [{"col": "v", "type": "DOUBLE"}]}
]}`

func payload(t *testing.T, args ...any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeArgs(args...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRow holds the table "Payload forms" and the order "topic variable,
// default, NULL" of missing columns, each in CBOR and JSON.
func TestRow(t *testing.T) {
	s := mustParse(t, rowSchema)
	type m = map[string]any
	ts := uint64(1769854830123456789)
	for _, c := range []struct {
		name, topic string
		args        []any
		json        string
		slot        any
		want        Row
		wrong       string
	}{
		{name: "none", topic: "a/7/b/sensor", json: `[]`, want: Row{"a", int32(7), "b"}},
		{name: "map", topic: "a/telemetry", args: []any{m{"temperature": 18.5, "pressure": 1000.0}}, json: `[{"temperature":18.5,"pressure":1000}]`,
			want: Row{"a", 18.5, 1000.0, ts, nil}},
		{name: "slot", topic: "a/telemetry", args: []any{m{"temperature": 18.5}}, json: `[{"temperature":18.5}]`, slot: uint32(77),
			want: Row{"a", 18.5, 1013.25, ts, uint32(77)}},
		{name: "slot zero", topic: "a/telemetry", args: []any{m{"temperature": 1.5}}, json: `[{"temperature":1.5}]`, slot: uint32(0), want: Row{"a", 1.5, 1013.25, ts, uint32(0)}},
		{name: "default and null", topic: "a/telemetry", args: []any{m{}}, json: `[{}]`, want: Row{"a", nil, 1013.25, ts, nil}},
		{name: "none with default", topic: "a/telemetry", json: `[]`, want: Row{"a", nil, 1013.25, ts, nil}},
		{name: "null is not missing", topic: "a/telemetry", args: []any{m{"pressure": nil}}, json: `[{"pressure":null}]`, want: Row{"a", nil, nil, ts, nil}},
		{name: "unknown fields", topic: "a/telemetry", args: []any{m{"temperature": 1.5, "x": []any{1}, "ts": 5}}, json: `[{"temperature":1.5,"x":[1],"ts":5}]`,
			want: Row{"a", 1.5, 1013.25, ts, nil}},
		{name: "field wins over topic", topic: "a/telemetry", args: []any{m{"dn": "b", "temperature": 1.5}}, json: `[{"dn":"b","temperature":1.5}]`,
			want: Row{"b", 1.5, 1013.25, ts, nil}},
		{name: "table name as topic", topic: "telemetry", args: []any{m{"dn": "b"}}, json: `[{"dn":"b"}]`, want: Row{"b", nil, 1013.25, ts, nil}},
		{name: "positional", topic: "strict", args: []any{3, nil}, json: `[3,null]`, want: Row{int32(3), nil}},
		{name: "positional with variables", topic: "a/telemetry", args: []any{"b", 1.5, 2.5}, json: `["b",1.5,2.5]`, want: Row{"b", 1.5, 2.5, ts, nil}},
		{name: "one value", topic: "one", args: []any{1.5}, json: `[1.5]`, want: Row{1.5}},
		{name: "one map", topic: "one", args: []any{m{"v": 1.5}}, json: `[{"v":1.5}]`, want: Row{1.5}},

		{name: "too few", topic: "a/telemetry", args: []any{"b", 1.5}, json: `["b",1.5]`, wrong: "2 values for 3 columns"},
		{name: "too many", topic: "one", args: []any{1.5, 2.5}, json: `[1.5,2.5]`, wrong: "2 values for 1 column"},
		{name: "one for two", topic: "strict", args: []any{3}, json: `[3]`, wrong: "1 value for 2 columns"},
		{name: "missing and not nullable", topic: "strict", args: []any{m{"raw": nil}}, json: `[{"raw":null}]`, wrong: `column "a": missing, and it has no default and must not be null`},
		{name: "missing key", topic: "sensor", args: []any{m{"site": "x"}}, json: `[{"site":"x"}]`, wrong: `column "dn": missing, and it has no default and must not be null`},
		{name: "null for a key", topic: "a/7/b/sensor", args: []any{m{"dn": nil}}, json: `[{"dn":null}]`, wrong: `column "dn": must not be null`},
		{name: "wrong type", topic: "a/telemetry", args: []any{m{"temperature": "warm"}}, json: `[{"temperature":"warm"}]`, wrong: `column "temperature": DOUBLE does not take the text "warm"`},
		{name: "wrong variable", topic: "a/x/b/sensor", json: `[]`, wrong: `column "kind": topic: INTEGER does not take the text "x"`},
		{name: "control characters", topic: "a/telemetry", args: []any{m{"temperature": "\x1b[2J\n"}}, json: `[{"temperature":"\u001b[2J\n"}]`,
			wrong: `column "temperature": DOUBLE does not take the text "\x1b[2J\n"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range []*protocol.Payload{payload(t, c.args...), protocol.NewPayload(protocol.JSON, []byte(c.json))} {
				got, err := row(s, c.topic, p, c.slot)
				if c.wrong != "" {
					if err == nil || err.Error() != c.wrong {
						t.Errorf("%v: got %v, %v; want error %s", p.Encoding(), got, err, c.wrong)
					}
					continue
				}
				if err != nil || !reflect.DeepEqual(got, c.want) {
					t.Errorf("%v: got %v, %v; want %v", p.Encoding(), got, err, c.want)
				}
			}
		})
	}
}

func row(s *Schema, topic string, p *protocol.Payload, slot any) (Row, error) {
	table, vars := s.Match(topic)
	if table == nil {
		return nil, fmt.Errorf("no table for %s", topic)
	}
	m := protocol.NewPub(topic, p)
	if n, ok := slot.(uint32); ok {
		m.HasSlot, m.Slot = true, n
	}
	return table.Row(&protocol.Entry{Seq: 1, Time: 1769854830123456789, Msg: m}, vars)
}

// TestRowNoPayload: a message without data is as one with no arguments.
func TestRowNoPayload(t *testing.T) {
	s := mustParse(t, rowSchema)
	for _, p := range []*protocol.Payload{nil, protocol.NewPayload(protocol.CBOR, []byte{0xf6}), protocol.NewPayload(protocol.JSON, []byte("null"))} {
		if got, err := row(s, "a/7/b/sensor", p, nil); err != nil || !reflect.DeepEqual(got, Row{"a", int32(7), "b"}) {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

// TestRowBareMap: data that is no array is one argument.
func TestRowBareMap(t *testing.T) {
	s := mustParse(t, rowSchema)
	p, err := protocol.EncodeValue(map[string]any{"v": 1.5})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*protocol.Payload{p, protocol.NewPayload(protocol.JSON, []byte(`{"v":1.5}`))} {
		if got, err := row(s, "one", p, nil); err != nil || !reflect.DeepEqual(got, Row{1.5}) {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

// TestRowBlob: bytes are bytes in CBOR and base64 in JSON, never text in CBOR.
func TestRowBlob(t *testing.T) {
	s := mustParse(t, rowSchema)
	want := Row{int32(1), []byte{1, 2, 3}}
	if got, err := row(s, "strict", payload(t, 1, []byte{1, 2, 3}), nil); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("CBOR: %v, %v", got, err)
	}
	if got, err := row(s, "strict", protocol.NewPayload(protocol.JSON, []byte(`[1,"AQID"]`)), nil); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("JSON: %v, %v", got, err)
	}
	var ve *ValueError
	if _, err := row(s, "strict", payload(t, 1, "AQID"), nil); !errors.As(err, &ve) || ve.Column != "raw" {
		t.Errorf("text in CBOR: %v", err)
	}
}

// TestRowWireForms: what other encoders write for the same values: records of
// rembus.js (tag 57343), Julia's tuple (tag 27), indefinite lengths, half floats.
func TestRowWireForms(t *testing.T) {
	s := mustParse(t, rowSchema)
	for name, raw := range map[string]string{
		"record":          "\x81\xd9\xdf\xff\x83\x19\xe0\x00\x81\x61v\xf9\x3e\x00",
		"tuple":           "\xd8\x1b\x83\x6bJulia/Tuple\x40\x81\xa1\x61v\xf9\x3e\x00",
		"indefinite":      "\x9f\xbf\x7f\x61v\xff\xf9\x3e\x00\xff\xff",
		"half float":      "\x81\xf9\x3e\x00",
		"single float":    "\x81\xfa\x3f\xc0\x00\x00",
		"non-minimal map": "\x81\xb9\x00\x01\x61v\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00",
	} {
		if got, err := row(s, "one", protocol.NewPayload(protocol.CBOR, []byte(raw)), nil); err != nil || !reflect.DeepEqual(got, Row{1.5}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestRowRefusesBadData is fault 26 at this door: the row is refused, whatever
// the bytes are.
func TestRowRefusesBadData(t *testing.T) {
	s := mustParse(t, rowSchema)
	for name, raw := range map[string]string{
		"cut":             "\x81\xa1\x61v",
		"duplicate keys":  "\x81\xa2\x61v\x01\x61v\x02",
		"DataFrame":       "\x81\xd8\x50\x43abc",
		"DataFrame alone": "\xd8\x50\x43abc",
	} {
		for _, topic := range []string{"one", "strict"} {
			if got, err := row(s, topic, protocol.NewPayload(protocol.CBOR, []byte(raw)), nil); err == nil {
				t.Errorf("%s: got %v", name, got)
			}
		}
	}
}

// TestRowOfDataFrame: the form "one DataFrame" is told apart without a copy of it.
func TestRowOfDataFrame(t *testing.T) {
	s := mustParse(t, rowSchema)
	for _, topic := range []string{"one", "a/telemetry"} {
		if _, err := row(s, topic, payload(t, protocol.DataFrame("abc")), nil); !errors.Is(err, ErrDataFrame) {
			t.Errorf("%s: %v", topic, err)
		}
	}
}

// TestRowAllTypes sends an edge value of every column type through a message.
func TestRowAllTypes(t *testing.T) {
	values := map[Type]any{
		Boolean: true, Text: "x", Blob: []byte{1}, TinyInt: int8(math.MinInt8), UTinyInt: uint8(math.MaxUint8), SmallInt: int16(math.MinInt16), USmallInt: uint16(math.MaxUint16),
		Integer: int32(math.MinInt32), UInteger: uint32(math.MaxUint32), BigInt: int64(math.MinInt64), UBigInt: uint64(math.MaxUint64),
		HugeInt: new(big.Int).Neg(two127), UHugeInt: new(big.Int).Sub(two128, big.NewInt(1)), Float: float32(0.1), Double: 0.1, Timestamp: day,
		TimestampTZ: day, Date: midnightOf(2026, 1, 31), Decimal: "-999999999999999.999", Time: "10:20:30.5", UUID: []byte("0123456789abcdef"), JSON: []any{int64(1)},
	}
	var cols []string
	fields := map[string]any{}
	for i, typ := range Types {
		cols = append(cols, fmt.Sprintf(`{"col": "c%d", "type": "%s"}`, i, typ))
		fields[fmt.Sprintf("c%d", i)] = values[typ]
	}
	s := mustParse(t, `{"tables": [{"table": "all", "columns": [`+strings.Join(cols, ",")+`]}]}`)
	got, err := row(s, "all", payload(t, fields), nil)
	if err != nil {
		t.Fatal(err)
	}
	values[Decimal], values[Time], values[JSON] = int64(-999999999999999999), time.Date(1970, 1, 1, 10, 20, 30, 5e8, time.UTC), "[1]"
	for i, typ := range Types {
		if !same(got[i], values[typ]) {
			t.Errorf("%s: %T %v, want %v", typ, got[i], got[i], values[typ])
		}
	}
}

// BenchmarkRow: one map of telemetry to a row.
func BenchmarkRow(b *testing.B) {
	s := mustParse(b, rowSchema)
	p, err := protocol.EncodeArgs(map[string]any{"temperature": 18.5, "pressure": 1013.2})
	if err != nil {
		b.Fatal(err)
	}
	e := &protocol.Entry{Msg: protocol.NewPub("agordo.station1/telemetry", p)}
	b.ReportAllocs()
	for b.Loop() {
		table, vars := s.Match(e.Msg.Topic)
		if _, err := table.Row(e, vars); err != nil {
			b.Fatal(err)
		}
	}
}

// TestFrame: "one DataFrame" is the only argument or the data itself.
func TestFrame(t *testing.T) {
	df := protocol.DataFrame("abc")
	alone, err := protocol.EncodeValue(df)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*protocol.Payload{alone, payload(t, df)} {
		if got, ok := Frame(p); !ok || string(got) != "abc" {
			t.Errorf("%x: %v, %v", p.Raw(), got, ok)
		}
	}
	for _, p := range []*protocol.Payload{nil, payload(t), payload(t, df, df), payload(t, "abc"), payload(t, []byte("abc")),
		protocol.NewPayload(protocol.CBOR, []byte{0x81}), protocol.NewPayload(protocol.JSON, []byte(`["abc"]`))} {
		if got, ok := Frame(p); ok {
			t.Errorf("%x: %v", p.Raw(), got)
		}
	}
}

// TestMissing: what a DataFrame's absent columns take.
func TestMissing(t *testing.T) {
	s := mustParse(t, rowSchema)
	table, vars := s.Match("a/telemetry")
	for i, want := range []any{"a", nil, 1013.25} {
		if got, err := table.Missing(i, vars); err != nil || got != want {
			t.Errorf("column %d: %v, %v", i, got, err)
		}
	}
	if got, err := table.Missing(0, Vars{}); got != nil || err != nil {
		t.Errorf("without topic: %v, %v", got, err)
	}
	table, vars = s.Match("strict")
	var ve *ValueError
	if _, err := table.Missing(0, vars); !errors.As(err, &ve) || ve.Column != "a" {
		t.Errorf("got %v", err)
	}
}

// TestExtras holds what each extra is, and NULL where there is none of it.
func TestExtras(t *testing.T) {
	s := mustParse(t, `{"tables": [{"table": "t", "topic": ":v/t", "columns": [{"col": "v", "type": "TEXT"}],
	 "extras": {"topic": "topic", "publisher": "who", "origin_ts": "sent", "slot": "bucket", "recv_ts": "ts"}}]}`)
	table, vars := s.Match("a/t")
	full := protocol.Message{Type: protocol.Pub, Topic: "a/t", HasSlot: true, Slot: 7, Origin: 5}
	early := protocol.Message{Type: protocol.Pub, Topic: "a/t", Origin: -5}
	for _, c := range []struct {
		e    protocol.Entry
		want Row
	}{
		{protocol.Entry{Time: 9, From: "meter", Msg: &full}, Row{"a", uint64(9), uint32(7), uint64(5), "meter", "a/t"}},
		{protocol.Entry{Time: 9, Msg: protocol.NewPub("a/t", nil)}, Row{"a", uint64(9), nil, nil, nil, "a/t"}},
		{protocol.Entry{Time: 9, Msg: &early}, Row{"a", uint64(9), nil, nil, nil, "a/t"}},
	} {
		if got, err := table.Row(&c.e, vars); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("got %v, %v; want %v", got, err, c.want)
		}
	}
	upsert := &protocol.Entry{Time: 9, Kind: protocol.EntryUpsert, From: "meter", Msg: protocol.NewPub("t", nil)}
	if got := table.AppendExtras(nil, upsert); !reflect.DeepEqual(got, []any{uint64(9), nil, nil, "meter", nil}) {
		t.Errorf("upsert_T: %v", got)
	}
}
