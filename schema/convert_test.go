package schema

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rembus-go/rembus/protocol"
)

func bigOf(s string) *big.Int {
	i, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic(s)
	}
	return i
}

var (
	day    = time.Date(2026, 1, 31, 10, 20, 30, 0, time.UTC)
	two64  = bigOf("18446744073709551616")
	two127 = bigOf("170141183460469231731687303715884105728")
	two128 = bigOf("340282366920938463463374607431768211456")
)

// samples are decoded values of every kind, the edges of every type among them.
var samples = map[string]any{
	"true": true, "text": "text", "empty text": "", "bad text": "a\xffb", "nul text": "a\x00b", "bytes": []byte{1, 2},
	"0": int64(0), "127": int64(127), "128": int64(128), "-128": int64(-128), "-129": int64(-129), "255": int64(255), "256": int64(256),
	"32767": int64(32767), "32768": int64(32768), "-32769": int64(-32769), "65535": int64(65535), "65536": int64(65536),
	"2^31-1": int64(math.MaxInt32), "2^31": int64(1 << 31), "-2^31-1": int64(math.MinInt32 - 1), "2^32-1": int64(math.MaxUint32), "2^32": int64(1 << 32),
	"2^53": int64(1 << 53), "2^53+1": int64(1<<53 + 1), "2^63-1": int64(math.MaxInt64), "-2^63": int64(math.MinInt64),
	"2^63": uint64(1 << 63), "2^64-1": uint64(math.MaxUint64), "2^64": two64,
	"2^127-1": new(big.Int).Sub(two127, big.NewInt(1)), "2^127": two127, "-2^127": new(big.Int).Neg(two127), "-2^127-1": new(big.Int).Sub(new(big.Int).Neg(two127), big.NewInt(1)),
	"2^128-1": new(big.Int).Sub(two128, big.NewInt(1)), "2^128": two128, "2^5000": new(big.Int).Lsh(big.NewInt(1), 5000),
	"1.0": 1.0, "-1.0": -1.0, "1.5": 1.5, "0.1": 0.1, "1e19": 1e19, "1e30": 1e30, "1e300": 1e300, "NaN": math.NaN(), "Inf": math.Inf(1), "-Inf": math.Inf(-1),
	"time": day, "time in zone": day.In(time.FixedZone("", 3600)), "nanoseconds": day.Add(1999), "year 10000": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	"iso": "2026-01-31T10:20:30Z", "iso zone": "2026-01-31 11:20:30.5+01:00", "iso local": "2026-01-31T10:20:30.123456", "iso day": "2026-01-31", "iso minute": "2026-01-31 10:20",
	"iso short zone": "2026-01-31T08:20:30-02", "iso plain zone": "2026-01-31T10:20:30+0000", "iso lower": "2026-01-31t10:20:30z", "iso wrong": "2026-02-30T00:00:00Z",
	"epoch": int64(1769854830), "epoch half": 1769854830.25, "epoch before": -0.5, "epoch ms": int64(1769854830000), "5": "5",
	"list": []any{int64(1)}, "map": map[string]any{"a": int64(1)}, "frame": protocol.DataFrame{1},
}

// accepted says, for every type, what becomes of which samples. All others are
// refused.
var accepted = map[Type]map[string]any{
	Boolean: {"true": true},
	Text: {"text": "text", "empty text": "", "nul text": "a\x00b", "5": "5",
		"iso": samples["iso"], "iso zone": samples["iso zone"], "iso local": samples["iso local"], "iso day": samples["iso day"], "iso minute": samples["iso minute"],
		"iso short zone": samples["iso short zone"], "iso plain zone": samples["iso plain zone"], "iso lower": samples["iso lower"], "iso wrong": samples["iso wrong"]},
	Blob:     {"bytes": []byte{1, 2}},
	TinyInt:  {"0": int8(0), "127": int8(127), "-128": int8(-128), "1.0": int8(1), "-1.0": int8(-1)},
	UTinyInt: {"0": uint8(0), "127": uint8(127), "128": uint8(128), "255": uint8(255), "1.0": uint8(1)},
	SmallInt: {"0": int16(0), "127": int16(127), "128": int16(128), "-128": int16(-128), "-129": int16(-129), "255": int16(255), "256": int16(256), "32767": int16(32767),
		"1.0": int16(1), "-1.0": int16(-1)},
	USmallInt: {"0": uint16(0), "127": uint16(127), "128": uint16(128), "255": uint16(255), "256": uint16(256), "32767": uint16(32767), "32768": uint16(32768), "65535": uint16(65535),
		"1.0": uint16(1)},
	Integer: {"0": int32(0), "127": int32(127), "128": int32(128), "-128": int32(-128), "-129": int32(-129), "255": int32(255), "256": int32(256), "32767": int32(32767),
		"32768": int32(32768), "-32769": int32(-32769), "65535": int32(65535), "65536": int32(65536), "2^31-1": int32(math.MaxInt32), "epoch": int32(1769854830),
		"1.0": int32(1), "-1.0": int32(-1)},
	UInteger: {"0": uint32(0), "127": uint32(127), "128": uint32(128), "255": uint32(255), "256": uint32(256), "32767": uint32(32767), "32768": uint32(32768),
		"65535": uint32(65535), "65536": uint32(65536), "2^31-1": uint32(math.MaxInt32), "2^31": uint32(1 << 31), "2^32-1": uint32(math.MaxUint32), "epoch": uint32(1769854830),
		"1.0": uint32(1)},
	Timestamp: {"time": day, "time in zone": day, "nanoseconds": day.Add(time.Microsecond), "iso": day, "iso zone": day.Add(500 * time.Millisecond),
		"iso local": day.Add(123456 * time.Microsecond), "iso day": time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), "iso minute": day.Truncate(time.Minute),
		"iso short zone": day, "iso plain zone": day, "iso lower": day, "epoch": day, "epoch half": day.Add(250 * time.Millisecond),
		"epoch before": time.Date(1969, 12, 31, 23, 59, 59, 5e8, time.UTC),
		"1.0":          time.Unix(1, 0).UTC(), "-1.0": time.Unix(-1, 0).UTC(), "1.5": time.Unix(1, 5e8).UTC(), "0.1": time.Unix(0, 1e8).UTC()},
	BigInt: {}, UBigInt: {}, HugeInt: {}, UHugeInt: {}, Float: {}, Double: {},
}

// init fills in the types that take nearly every number, by rules written
// differently from the code under test.
func init() {
	for name, v := range samples {
		if i, ok := v.(int64); ok && i >= firstSecond && i <= lastSecond {
			accepted[Timestamp][name] = time.Unix(i, 0).UTC()
		}
		exact := exactOf(v)
		if exact == nil {
			if f, ok := v.(float64); ok { // NaN and infinity
				accepted[Double][name], accepted[Float][name] = f, float32(f)
			}
			continue
		}
		if exact.IsInt() {
			i := exact.Num()
			if i.IsInt64() {
				accepted[BigInt][name] = i.Int64()
			}
			if i.IsUint64() {
				accepted[UBigInt][name] = i.Uint64()
			}
			if i.Cmp(two127) < 0 && new(big.Int).Neg(i).Cmp(two127) <= 0 {
				accepted[HugeInt][name] = i
			}
			if i.Sign() >= 0 && i.Cmp(two128) < 0 {
				accepted[UHugeInt][name] = i
			}
		}
		if f, same := exact.Float64(); same {
			accepted[Double][name] = f
		}
		if f, _ := exact.Float32(); !math.IsInf(float64(f), 0) {
			accepted[Float][name] = f
		}
	}
}

func exactOf(v any) *big.Rat {
	switch n := v.(type) {
	case int64:
		return new(big.Rat).SetInt64(n)
	case uint64:
		return new(big.Rat).SetInt(new(big.Int).SetUint64(n))
	case *big.Int:
		return new(big.Rat).SetInt(n)
	case float64:
		return new(big.Rat).SetFloat64(n)
	}
	return nil
}

// TestConvert tries every sample on every column type: "Column types seen".
func TestConvert(t *testing.T) {
	for _, typ := range Types {
		for name, v := range samples {
			t.Run(fmt.Sprintf("%s/%s", typ, name), func(t *testing.T) {
				got, err := typ.Convert(v)
				want, ok := accepted[typ][name]
				switch {
				case ok && err != nil:
					t.Fatalf("refused: %v", err)
				case !ok && err == nil:
					t.Fatalf("accepted as %T %v", got, got)
				case !ok:
					if text := err.Error(); !strings.Contains(text, string(typ)) || !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\n") || len(text) > 200 {
						t.Fatalf("error %q", text)
					}
				case !same(got, want):
					t.Fatalf("got %T %v, want %T %v", got, got, want, want)
				}
			})
		}
		if got, err := typ.Convert(nil); got != nil || err != nil {
			t.Errorf("%s: nil gives %v, %v", typ, got, err)
		}
	}
}

// same is equality of type and value; big integers by value, NaN equals NaN.
func same(a, b any) bool {
	switch x := a.(type) {
	case *big.Int:
		y, ok := b.(*big.Int)
		return ok && x.Cmp(y) == 0
	case float64:
		y, ok := b.(float64)
		return ok && (x == y || x != x && y != y)
	case float32:
		y, ok := b.(float32)
		return ok && (x == y || x != x && y != y)
	}
	return reflect.DeepEqual(a, b)
}

// TestConvertHintsAtMilliseconds: the error for a time in milliseconds says
// that seconds are wanted.
func TestConvertHintsAtMilliseconds(t *testing.T) {
	_, err := Timestamp.Convert(int64(1769854830000))
	if err == nil || !strings.Contains(err.Error(), "seconds since 1970") {
		t.Errorf("got %v", err)
	}
}

// TestConvertJSON: JSON has no bytes, so BLOB takes base64 there and only there.
func TestConvertJSON(t *testing.T) {
	for text, want := range map[string][]byte{"AQID": {1, 2, 3}, "AQI=": {1, 2}, "AQI": {1, 2}, "": {}} {
		got, err := Blob.ConvertJSON(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if _, err := Blob.Convert(text); err == nil {
			t.Errorf("%q accepted outside JSON", text)
		}
	}
	for _, text := range []string{"a", "not base64", "AQ_-", "A=QI", "AQI===="} {
		if got, err := Blob.ConvertJSON(text); err == nil {
			t.Errorf("%q gives %v", text, got)
		}
	}
	if got, err := Text.ConvertJSON("AQID"); got != "AQID" || err != nil {
		t.Errorf("TEXT gives %v, %v", got, err)
	}
	if got, err := Blob.ConvertJSON(nil); got != nil || err != nil {
		t.Errorf("null gives %v, %v", got, err)
	}
}

// TestParseText holds what topic variables become; fault 47 for their values.
func TestParseText(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		text string
		want any // nil: refused
	}{
		{Text, "a'; --", "a'; --"}, {Text, "\xff", nil}, {Blob, "\xff", []byte{0xff}},
		{Boolean, "true", true}, {Boolean, "FALSE", false}, {Boolean, "1", nil},
		{TinyInt, "-128", int8(-128)}, {TinyInt, "128", nil}, {Integer, "12", int32(12)}, {Integer, "1.0", nil}, {Integer, "0x10", nil}, {Integer, "1_000", nil}, {Integer, " 1", nil},
		{UBigInt, "18446744073709551615", uint64(math.MaxUint64)}, {UBigInt, "-1", nil},
		{UHugeInt, two128.String(), nil}, {HugeInt, "-170141183460469231731687303715884105728", new(big.Int).Neg(two127)}, {HugeInt, strings.Repeat("9", 1000), nil},
		{Double, "18.5", 18.5}, {Double, "1e3", 1000.0}, {Double, "0x1p4", nil}, {Double, "1_0", nil}, {Double, "1e999", nil}, {Double, "warm", nil}, {Float, "18.5", float32(18.5)}, {Float, "1e39", nil},
		{Timestamp, "2026-01-31T10:20:30Z", day}, {Timestamp, "1769854830", day}, {Timestamp, "yesterday", nil},
	} {
		got, err := c.typ.ParseText(c.text)
		if (err == nil) != (c.want != nil) || err == nil && !same(got, c.want) {
			t.Errorf("%s of %q: %T %v, %v; want %v", c.typ, c.text, got, got, err, c.want)
		}
	}
}

// TestParseType: every type in any case, its aliases, and nothing else.
func TestParseType(t *testing.T) {
	for name, want := range map[string]Type{
		"double": Double, "Varchar": Text, "STRING": Text, "int": Integer, "INT8": BigInt, "real": Float, "bool": Boolean, "bytea": Blob, "datetime": Timestamp,
		"": "", " TEXT": "", "TEXT)": "", "VARCHAR(20)": "",
	} {
		if got, ok := ParseType(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", name, got, ok)
		}
	}
	for _, typ := range Types {
		if got, ok := ParseType(strings.ToLower(string(typ))); got != typ || !ok {
			t.Errorf("%s: %q, %v", typ, got, ok)
		}
	}
}
