package schema

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// init adds to accepted what the types of dates, decimals, UUID and JSON take of
// the samples.
func init() {
	midnight := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	accepted[TimestampTZ] = accepted[Timestamp]
	accepted[Date] = map[string]any{"iso day": midnight}
	accepted[Time] = map[string]any{}
	accepted[UUID] = map[string]any{}
	accepted[Decimal] = map[string]any{}
	accepted[JSON] = map[string]any{"true": "true", "5": "5", "list": "[1]", "map": `{"a":1}`, "time": `"2026-01-31T10:20:30Z"`, "time in zone": `"2026-01-31T11:20:30+01:00"`,
		"nanoseconds": `"2026-01-31T10:20:30.000001999Z"`, "1.0": "1", "-1.0": "-1", "1.5": "1.5", "0.1": "0.1", "1e19": "10000000000000000000", "1e30": "1e+30", "1e300": "1e+300",
		"epoch half": "1769854830.25", "epoch before": "-0.5"}
	for name, v := range samples {
		text := ""
		switch n := v.(type) {
		case int64, uint64:
			text = exactOf(v).Num().String()
		case *big.Int:
			text = n.String()
		case float64:
			if math.IsNaN(n) || math.IsInf(n, 0) {
				continue
			}
			text = strconv.FormatFloat(n, 'g', -1, 64)
		default:
			if name != "5" {
				continue
			}
			text = "5"
		}
		if _, float := v.(float64); !float {
			accepted[JSON][name] = text
		}
		exact, _ := new(big.Rat).SetString(text)
		exact.Mul(exact, big.NewRat(1000, 1))
		if exact.IsInt() && exact.Num().IsInt64() && len(strings.Trim(exact.Num().String(), "-")) <= 18 {
			accepted[Decimal][name] = exact.Num().Int64()
		}
	}
}

// TestConvertSpecial holds the rules of the types whose values have text of their
// own; want nil: refused.
func TestConvertSpecial(t *testing.T) {
	clock := func(s string) time.Time {
		at, err := time.Parse("2006-01-02T15:04:05", "1970-01-01T"+s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	id := []byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	frac := func(mantissa, exponent int64) protocol.Decimal {
		return protocol.Decimal{Mantissa: big.NewInt(mantissa), Exponent: exponent}
	}
	huge := frac(1, 0)
	huge.Mantissa = new(big.Int).Lsh(huge.Mantissa, 8000)
	d4, whole, wide := DecimalOf(4, 1), DecimalOf(38, 0), DecimalOf(38, 38)
	nines := strings.Repeat("9", 38)
	for _, c := range []struct {
		typ  Type
		v    any
		want any
	}{
		{Date, midnightOf(2026, 1, 31), midnightOf(2026, 1, 31)}, {Date, "0001-01-01", midnightOf(1, 1, 1)}, {Date, "9999-12-31", midnightOf(9999, 12, 31)},
		{Date, "2026-01-31T00:00:00Z", midnightOf(2026, 1, 31)}, {Date, "2026-01-31T01:00:00+01:00", midnightOf(2026, 1, 31)}, {Date, "2026-01-31T00:00:00+01:00", nil},
		{Date, "2026-02-29", nil}, {Date, "10000-01-01", nil}, {Date, "31.1.2026", nil}, {Date, int64(20484), nil}, {Date, midnightOf(2026, 1, 31).Add(time.Hour), nil},
		{Date, midnightOf(2026, 1, 31).Add(1), midnightOf(2026, 1, 31)}, // cut, as everywhere

		{Time, "10:20:30", clock("10:20:30")}, {Time, "10:20", clock("10:20:00")}, {Time, "00:00:00", clock("00:00:00")}, {Time, "23:59:59.9999999", clock("23:59:59.999999")},
		{Time, "24:00:00", nil}, {Time, "10:20:60", nil}, {Time, "1:20:30", nil}, {Time, "10:20:30Z", nil}, {Time, "10:20:30,5", nil}, {Time, int64(5), nil}, {Time, day, nil},

		{Decimal, "1.5", int64(1500)}, {Decimal, "-.5", int64(-500)}, {Decimal, "+5.", int64(5000)}, {Decimal, "1.5000000", int64(1500)}, {Decimal, "15e-1", int64(1500)}, {Decimal, "0e9999", int64(0)},
		{Decimal, "1.2345", nil}, {Decimal, "1e15", nil}, {Decimal, "999999999999999.999", int64(999999999999999999)}, {Decimal, "-999999999999999.999", int64(-999999999999999999)},
		{Decimal, "", nil}, {Decimal, ".", nil}, {Decimal, "e5", nil}, {Decimal, "1e", nil}, {Decimal, "--1", nil}, {Decimal, "1_0", nil}, {Decimal, "0x1", nil}, {Decimal, "NaN", nil}, {Decimal, " 1", nil},
		{Decimal, "1e99999999999", nil}, {Decimal, "1e32767", nil}, {Decimal, "1e-32768", nil}, {Decimal, strings.Repeat("0", 65), nil},
		{Decimal, 0.001, int64(1)}, {Decimal, 0.0001, nil}, {Decimal, float64(float32(0.1)), nil}, {Decimal, 123456789.123, int64(123456789123)}, {Decimal, math.Copysign(0, -1), int64(0)},
		{Decimal, frac(15, -1), int64(1500)}, {Decimal, frac(15, -4), nil}, {Decimal, frac(1500, -5), int64(15)}, {Decimal, frac(1, 1<<40), nil}, {Decimal, frac(1, -1<<40), nil}, {Decimal, frac(0, 1<<40), int64(0)}, {Decimal, huge, nil},
		{d4, 999.9, int64(9999)}, {d4, int64(1000), nil}, {d4, "-999.9", int64(-9999)}, {d4, "0.05", nil},
		{whole, nines, bigOf(nines)}, {whole, "1" + nines, nil}, {whole, "1" + nines + "e-1", nil}, {whole, int64(-1), big.NewInt(-1)},
		{wide, "0." + nines, bigOf(nines)}, {wide, int64(1), nil}, {wide, 0.5, new(big.Int).Mul(big.NewInt(5), new(big.Int).Exp(big.NewInt(10), big.NewInt(37), nil))},

		{UUID, "01234567-89ab-cdef-0123-456789abcdef", id}, {UUID, "01234567-89AB-CDEF-0123-456789ABCDEF", id}, {UUID, "0123456789abcdef0123456789abcdef", id}, {UUID, id, id},
		{UUID, id[:15], nil}, {UUID, "01234567-89ab-cdef-0123-456789abcde", nil}, {UUID, "01234567-89ab-cdef-0123_456789abcdef", nil}, {UUID, "{01234567-89ab-cdef-0123-456789abcdef}", nil},
		{UUID, "0123456789abcdef0123456789abcdeg", nil}, {UUID, bigOf("5"), nil},

		{JSON, `{"a": [1, null, "<\u00e9>"]}`, `{"a": [1, null, "<\u00e9>"]}`}, {JSON, ` null `, ` null `}, {JSON, `"\ud83d\ude00"`, `"\ud83d\ude00"`}, {JSON, `"\\ud800"`, `"\\ud800"`},
		{JSON, "text", nil}, {JSON, "", nil}, {JSON, "{} {}", nil}, {JSON, "NaN", nil}, {JSON, `{"a":1,}`, nil}, {JSON, `"\ud800"`, nil}, {JSON, `"\ude00"`, nil}, {JSON, `"\ud800\u0041"`, nil}, {JSON, "\"\xff\"", nil},
		{JSON, strings.Repeat("[", 32) + strings.Repeat("]", 32), strings.Repeat("[", 32) + strings.Repeat("]", 32)}, {JSON, strings.Repeat("[", 33) + strings.Repeat("]", 33), nil},
		{JSON, map[string]any{"b": []any{nil, true, 1.5, "<"}, "a": bigOf("18446744073709551616")}, `{"a":18446744073709551616,"b":[null,true,1.5,"<"]}`},
		{JSON, []any{math.NaN()}, nil}, {JSON, []any{[]byte("x")}, nil}, {JSON, map[string]any{"a\xff": int64(1)}, nil}, {JSON, []any{"\xff"}, nil}, {JSON, []any{protocol.DataFrame{1}}, nil},
		{JSON, []any{frac(15, -1)}, "[15e-1]"},
	} {
		got, err := c.typ.Convert(c.v)
		if (err == nil) != (c.want != nil) || err == nil && !same(got, c.want) {
			t.Errorf("%s of %T %.60v: %T %v, %v; want %v", c.typ, c.v, c.v, got, got, err, c.want)
		}
		if s, ok := c.v.(string); ok { // what a topic says means the same
			if parsed, err := c.typ.ParseText(s); (err == nil) != (c.want != nil) || err == nil && !same(parsed, c.want) {
				t.Errorf("%s of the topic's %.60q: %v, %v", c.typ, s, parsed, err)
			}
		}
	}
}

func midnightOf(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// TestParseDecimalType: the parameters of DECIMAL and its other names.
func TestParseDecimalType(t *testing.T) {
	for name, want := range map[string]Type{
		"decimal": Decimal, "NUMERIC": Decimal, "dec": Decimal, "DECIMAL(10,2)": DecimalOf(10, 2), "numeric( 10 , 2 )": DecimalOf(10, 2), "DECIMAL (10)": DecimalOf(10, 0),
		"DECIMAL(38,38)": DecimalOf(38, 38), "DECIMAL(1,0)": DecimalOf(1, 0),
		"DECIMAL(39,3)": "", "DECIMAL(0,0)": "", "DECIMAL(3,4)": "", "DECIMAL()": "", "DECIMAL(10,2": "", "DECIMAL(10,2)x": "", "DECIMAL(10,-2)": "", "DECIMAL(10,2,1)": "", "DECIMAL(+9)": "",
		"DOUBLE(10,2)": "", "DECIMAL(10,2); --": "", "(10,2)": "", "DECIMAL(٣)": "",
	} {
		got, ok := ParseType(name)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", name, got, ok)
		}
		if digits, scale, ok := got.Decimal(); ok != (want != "") || ok && DecimalOf(digits, scale) != got {
			t.Errorf("%q: %d, %d, %v", got, digits, scale, ok)
		}
	}
}

// FuzzParseType: what is accepted is a type that SQL may hold, and reads as itself.
func FuzzParseType(f *testing.F) {
	for _, s := range []string{"text", "DECIMAL(10,2)", "numeric( 38 )", "DECIMAL(99,99)", "TIMESTAMP WITH TIME ZONE", "DECIMAL(1,0);", "("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, ok := ParseType(s)
		if !ok {
			return
		}
		if again, ok := ParseType(string(typ)); !ok || again != typ || strings.Trim(string(typ), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(,)") != "" {
			t.Errorf("%q is %q, which is %q", s, typ, again)
		}
	})
}

// TestRowOfPython: Decimal, UUID, date and datetime as cbor2 writes them.
func TestRowOfPython(t *testing.T) {
	s := mustParse(t, `{"tables": [{"table": "t", "columns": [
	 {"col": "n", "type": "DECIMAL"}, {"col": "u", "type": "UUID"}, {"col": "d", "type": "DATE"}, {"col": "z", "type": "TIMESTAMPTZ"}]}]}`)
	raw := "\x84\xc4\x82\x20\x0f" + "\xd8\x25\x500123456789abcdef" + "\xd9\x03\xec\x6a2026-01-31" + "\xc0\x742026-01-31T00:00:00Z"
	got, err := row(s, "t", protocol.NewPayload(protocol.CBOR, []byte(raw)), nil)
	at := midnightOf(2026, 1, 31)
	if want := (Row{int64(1500), []byte("0123456789abcdef"), at, at}); err != nil || !slices.EqualFunc(got, want, same) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}
