package lake_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// sent is a value of a column type in each encoding, one that is refused in each,
// and what a CAST to VARCHAR makes of the one that is stored.
type sent struct {
	typ         schema.Type
	cbor, wrong any
	json        string // also the default of a column
	wrongJSON   string
	topic       string
	wrongTopic  string // "" when every text is accepted
	arrow       arrow.DataType
	rows        string // Arrow's values as JSON: a good one, and one that is refused, if there is one
	want        string
}

var (
	two64   = new(big.Int).Lsh(big.NewInt(1), 64)
	instant = time.Date(2026, 1, 31, 10, 20, 30, 500000000, time.UTC)
	flag    = arrow.FixedWidthTypes.Boolean
	micro   = &arrow.TimestampType{Unit: arrow.Microsecond}
	zoned   = &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "Europe/Rome"}
	ident   = []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef")
	hex     = "01234567-89ab-cdef-0123-456789abcdef"
)

var everyType = []sent{
	{schema.Boolean, true, 1, "true", `"true"`, "TRUE", "1", flag, `[true]`, "true"},
	{schema.Text, "a'b", 1, `"a'b"`, "1", "a'b", "", arrow.BinaryTypes.LargeString, `["a'b"]`, "a'b"},
	{schema.Blob, []byte("ab"), "ab", `"YWI="`, `"a"`, "ab", "", arrow.BinaryTypes.Binary, `["YWI="]`, "ab"},
	{schema.TinyInt, -128, 128, "-128", "-129", "-128", "128", arrow.PrimitiveTypes.Int16, `[-128, 128]`, "-128"},
	{schema.UTinyInt, 255, -1, "255.0", "256", "255", "-1", arrow.PrimitiveTypes.Int16, `[255, -1]`, "255"},
	{schema.SmallInt, -32768, 1.5, "-32768", "32768", "-32768", "1.5", arrow.PrimitiveTypes.Float64, `[-32768, 1.5]`, "-32768"},
	{schema.USmallInt, 65535, math.NaN(), "65535", "65536", "65535", "", arrow.PrimitiveTypes.Uint32, `[65535, 65536]`, "65535"},
	{schema.Integer, 1 << 30, "1", "1073741824", `"1"`, "1073741824", "0x1", arrow.PrimitiveTypes.Int32, `[1073741824]`, "1073741824"},
	{schema.UInteger, 1 << 31, 1 << 32, "2147483648", "-1", "2147483648", "x", arrow.PrimitiveTypes.Int64, `[2147483648, 4294967296]`, "2147483648"},
	{schema.BigInt, math.MinInt64, two64, "-9223372036854775808", "9223372036854775808", "-9223372036854775808", "1e3", arrow.PrimitiveTypes.Uint64, `[9, 9223372036854775808]`, "-9223372036854775808"},
	{schema.UBigInt, uint64(math.MaxUint64), two64, "18446744073709551615", "-1", "18446744073709551615", "-1", arrow.PrimitiveTypes.Int64, `[7, -7]`, "18446744073709551615"},
	{schema.HugeInt, new(big.Int).Neg(two64), new(big.Int).Lsh(two64, 63), "-18446744073709551616", "1.5", "-18446744073709551616", "x", &arrow.Decimal128Type{Precision: 38, Scale: 1}, `["7.0", "7.5"]`, "-18446744073709551616"},
	{schema.UHugeInt, two64, -1, "18446744073709551616", "-1", "18446744073709551616", "-1", &arrow.Decimal256Type{Precision: 40, Scale: 1}, `["7.0", "-7.0"]`, "18446744073709551616"},
	{schema.Float, 1.5, 1e39, "1.5", "1e39", "1.5", "1e39", arrow.PrimitiveTypes.Float64, `[1.5, 1e39]`, "1.5"},
	{schema.Double, math.Inf(-1), 1<<53 + 1, "1e300", "9007199254740993", "-inf", "warm", arrow.PrimitiveTypes.Int64, `[5, 9007199254740993]`, "-inf"},
	{schema.DecimalOf(4, 1), 1.5, 1.55, `"1.50"`, "1000", "15e-1", "1.55", &arrow.Decimal128Type{Precision: 38, Scale: 1}, `["1.5", "1000.0"]`, "1.5"},
	{schema.DecimalOf(18, 3), protocol.Decimal{Mantissa: big.NewInt(-15), Exponent: -1}, math.NaN(), "-1.5", `"1.0001"`, "-1.5", "nan", &arrow.Decimal128Type{Precision: 38, Scale: 3}, `["-1.5", "1000000000000000.000"]`, "-1.500"},
	{schema.DecimalOf(38, 2), "123456789012345678901234567890.25", two64.String() + "e19", `"123456789012345678901234567890.25"`, "1e40", "123456789012345678901234567890.25", "--1", &arrow.Decimal256Type{Precision: 60, Scale: 4}, `["123456789012345678901234567890.2500", "0.0001"]`, "123456789012345678901234567890.25"},
	{schema.Timestamp, instant, "yesterday", `"2026-01-31T11:20:30.5+01:00"`, "1e18", "1769854830.5", "soon", zoned, `["2026-01-31T10:20:30.5Z"]`, "2026-01-31 10:20:30.5"},
	{schema.TimestampTZ, instant, "yesterday", "1769854830.5", `""`, "2026-01-31T10:20:30.5", "soon", micro, `["2026-01-31T10:20:30.5"]`, "2026-01-31 10:20:30.5+00"},
	{schema.Date, "2026-01-31", instant, `"2026-01-31"`, "20484", "2026-01-31", "31", arrow.FixedWidthTypes.Date32, `["2026-01-31"]`, "2026-01-31"},
	{schema.Time, "10:20:30.5", instant, `"10:20:30.5"`, "5", "10:20:30.5", "25:00", &arrow.Time64Type{Unit: arrow.Nanosecond}, `["10:20:30.5"]`, "10:20:30.5"},
	{schema.UUID, ident, ident[1:], `"` + hex + `"`, `"x"`, hex, "x", &arrow.FixedSizeBinaryType{ByteWidth: 16}, `["ASNFZ4mrze8BI0VniavN7w=="]`, hex},
	{schema.JSON, row{"a": []any{1, "<"}}, []byte("{}"), `{"a": [1, "<"]}`, `"text"`, `{"a":[1,"<"]}`, "text", arrow.BinaryTypes.StringView, `["{\"a\":[1,\"<\"]}", "text"]`, `{"a":[1,"<"]}`},
}

// TestEveryType sends a value of every column type in every form (from the topic,
// by default, by position, as a map, in a DataFrame) and in every encoding, into
// tables with keys and without, and reads it back; what does not fit is refused.
func TestEveryType(t *testing.T) {
	var tables []string
	for i, s := range everyType {
		columns := fmt.Sprintf(`"columns": [{"col": "form", "type": "TEXT"}, {"col": "v", "type": "%s", "nullable": false, "default": %s}]`, s.typ, s.json)
		if s.typ == schema.Double || s.typ == schema.BigInt { // what JSON has no number for
			columns = strings.Replace(columns, s.json, "5", 1)
		}
		tables = append(tables,
			fmt.Sprintf(`{"table": "plain%d", "topic": ":form/:v/plain%d", %s}`, i, i, columns),
			fmt.Sprintf(`{"table": "keyed%d", "topic": ":form/:v/keyed%d", "keys": ["form"], %s}`, i, i, columns))
	}
	log := &memLog{}
	b := start(t, log, func(o *lake.Options) { o.Schema = parse(t, `{"tables": [`+strings.Join(tables, ",\n")+`]}`) })
	refused := 0
	for i, s := range everyType {
		for _, kind := range []string{"plain", "keyed"} {
			refused += s.publish(t, log, fmt.Sprint(kind, i))
		}
	}
	for i, s := range everyType {
		for _, kind := range []string{"plain", "keyed"} {
			s.compare(t, b, fmt.Sprint(kind, i))
		}
	}
	if int(b.Refused()) != refused {
		t.Errorf("%d rows refused, want %d", b.Refused(), refused)
	}
}

// publish sends the value in all forms, and the wrong one, and returns how many are
// to be refused.
func (s *sent) publish(t *testing.T, log *memLog, table string) (refused int) {
	json := func(text string) {
		log.append(&protocol.Entry{Msg: protocol.NewPub(table, protocol.NewPayload(protocol.JSON, []byte(text)))})
	}
	log.publish(t, "topic/"+s.topic+"/"+table)
	log.publish(t, table, row{"form": "default"})
	log.publish(t, table, row{"form": "map", "v": s.cbor})
	log.publish(t, table, "position", s.cbor)
	json(`[{"form": "JSON map", "v": ` + s.json + `}]`)
	json(`["JSON position", ` + s.json + `]`)
	log.publish(t, table, s.frame(t))

	log.publish(t, table, row{"form": "null", "v": nil})
	log.publish(t, table, row{"form": "wrong map", "v": s.wrong})
	log.publish(t, table, "wrong position", s.wrong)
	json(`[{"form": "wrong JSON", "v": ` + s.wrongJSON + `}]`)
	json(`["wrong JSON position", ` + s.wrongJSON + `]`)
	refused = 5
	if s.wrongTopic != "" {
		log.publish(t, "wrong topic/"+s.wrongTopic+"/"+table)
		refused++
	}
	return refused + strings.Count(s.rows, ", ") + 1 // the frame's NULL
}

// frame has the good value, the wrong one if there is one, and NULL.
func (s *sent) frame(t *testing.T) protocol.DataFrame {
	t.Helper()
	values, _, err := array.FromJSON(memory.DefaultAllocator, s.arrow, strings.NewReader(strings.TrimSuffix(s.rows, "]")+", null]"))
	if err != nil {
		t.Fatal(s.typ, err)
	}
	forms := array.NewStringBuilder(memory.DefaultAllocator)
	for i := range values.Len() {
		forms.Append([]string{"frame", "wrong frame", "wrong null"}[i])
	}
	fields := arrow.NewSchema([]arrow.Field{{Name: "v", Type: s.arrow, Nullable: true}, {Name: "form", Type: arrow.BinaryTypes.String}}, nil)
	record := array.NewRecordBatch(fields, []arrow.Array{values, forms.NewArray()}, int64(values.Len()))
	frame, err := arrowipc.Encode(fields, record)
	if err != nil {
		t.Fatal(s.typ, err)
	}
	return frame
}

// compare reads the table: each form is there with the value, and no other.
func (s *sent) compare(t *testing.T, b *bench, table string) {
	t.Helper()
	var rows []struct{ Form, V string }
	text := b.rows("query_"+table, row{"cols": "form, CAST(v AS VARCHAR) AS v"})
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"topic": s.want, "default": s.want, "map": s.want, "position": s.want, "JSON map": s.want, "JSON position": s.want, "frame": s.want}
	if other, ok := otherValues[s.typ]; ok {
		for form, v := range other {
			want[form] = v
		}
	}
	for _, r := range rows {
		v, ok := want[r.Form]
		if s.typ == schema.JSON { // text stays as it is
			v, r.V = strings.ReplaceAll(v, " ", ""), strings.ReplaceAll(r.V, " ", "")
		}
		if !ok || v != r.V {
			t.Errorf("%s in %s, %s: got %s, want %q", s.typ, table, r.Form, r.V, v)
		}
		delete(want, r.Form)
	}
	if len(want) > 0 {
		t.Errorf("%s in %s: missing %v", s.typ, table, want)
	}
}

// otherValues are those of the encodings that cannot say the same.
var otherValues = map[schema.Type]map[string]string{
	schema.BigInt:   {"frame": "9", "default": "5"},
	schema.UBigInt:  {"frame": "7"},
	schema.HugeInt:  {"frame": "7"},
	schema.UHugeInt: {"frame": "7"},
	schema.Double:   {"frame": "5.0", "default": "5.0", "JSON map": "1e+300", "JSON position": "1e+300"},
}
