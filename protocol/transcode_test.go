package protocol

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// parseJSON reads JSON such that equal values are deeply equal: integers exactly,
// other numbers as doubles.
func parseJSON(t testing.TB, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return exactNumbers(v)
}

func exactNumbers(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = exactNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = exactNumbers(v[k])
		}
	case json.Number:
		if n, ok := new(big.Int).SetString(v.String(), 10); ok {
			return "integer " + n.String()
		}
		f, _ := v.Float64()
		return fmt.Sprintf("double %x", math.Float64bits(f))
	}
	return v
}

// The vectors come from Python: testdata/wire/generate_json.py.
func TestTranscodeVectors(t *testing.T) {
	raw, err := os.ReadFile("../testdata/wire/json.json")
	if err != nil {
		t.Fatal(err)
	}
	type vector struct{ JSON, CBOR string }
	var vectors struct {
		ToCBOR []vector `json:"to_cbor"`
		ToJSON []vector `json:"to_json"`
	}
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.ToCBOR) == 0 || len(vectors.ToJSON) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors.ToCBOR {
		got, err := jsonToCBOR([]byte(v.JSON))
		if err != nil || hex.EncodeToString(got) != v.CBOR {
			t.Errorf("%s: %x, %v, want %s", v.JSON, got, err, v.CBOR)
		}
	}
	for _, v := range vectors.ToJSON {
		in, err := hex.DecodeString(v.CBOR)
		if err != nil {
			t.Fatal(err)
		}
		got, err := cborToJSON(in)
		if err != nil {
			t.Errorf("%s: %v", v.CBOR, err)
		} else if !reflect.DeepEqual(parseJSON(t, got), parseJSON(t, []byte(v.JSON))) {
			t.Errorf("%s: %s, want %s", v.CBOR, got, v.JSON)
		}
	}
}

// Rules for which Python has no vector.
func TestCBORToJSON(t *testing.T) {
	tests := map[string]struct{ cbor, want string }{
		"floats keep being floats":           {"84f93c00fa3f800000fb3ff0000000000000fb8000000000000000", `[1.0,1.0,1.0,-0.0]`},
		"large and small floats":             {"82fb444b1ae4d6e2ef50fb3e7ad7f29abcaf48", `[1e+21,1e-07]`},
		"bignum beyond doubles: its bytes":   {"c25880" + strings.Repeat("ff", 128), `"` + strings.Repeat("/", 170) + `8="`},
		"bignum with leading zeros":          {"c2588200" + strings.Repeat("00", 128) + "05", `5`},
		"bignum tag on text":                 {"c26161", `"a"`},
		"DataFrame tag on text":              {"d8506161", `"a"`},
		"bad UTF-8":                          {"62c328", `"` + "\ufffd" + `("`},
		"cut UTF-8":                          {"62e282", `"` + "\ufffd\ufffd" + `"`},
		"controls are escaped":               {"64000a1f22", `"\u0000\n\u001f\""`},
		"unknown simple":                     {"81e0", `[null]`},
		"float key":                          {"a1f93e0001", `{"1.5":1}`},
		"bignum key":                         {"a1c249010000000000000000" + "01", `{"18446744073709551616":1}`},
		"key order is kept":                  {"a2616201616102", `{"b":1,"a":2}`},
		"record of many fields, indefinite":  {"d9dfff9f19e0009f61616162ff0102ff", `{"a":1,"b":2}`},
		"tuple inside a map":                 {"a16161d81b83655475706c65408101", `{"a":[1]}`},
		"tag 27 that is no tuple":            {"d81b82617801", `["x",1]`},
		"undefined beside null":              {"82f7f6", `[null,null]`},
		"negative of 64 bits":                {"3b7fffffffffffffff", `-9223372036854775808`},
		"nested indefinite":                  {"9fbf61619f01ffffff", `[{"a":[1]}]`},
		"typed array of rembus.js is base64": {"d840420102", `"AQI="`},
	}
	for name, tt := range tests {
		in, err := hex.DecodeString(tt.cbor)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := cborToJSON(in); err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, tt.want)
		}
	}
}

func TestCBORToJSONRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"empty":                  "",
		"cut":                    "8201",
		"trailing":               "0102",
		"a key twice":            "a2616101616102",
		"keys that read alike":   "a20101613102",
		"a map as key":           "a1a001",
		"length 2^63":            "5b8000000000000000",
		"depth 10 k":             strings.Repeat("81", 10_000) + "01",
		"break alone":            "ff",
		"tag without content":    "c2",
		"broken record":          "d9dfff80",
		"record without values":  "d9dfff8219e000616100",
		"indefinite, no break":   "9f01",
		"map, odd, indefinite":   "bf6161ff",
		"reserved head":          "1c",
		"chunk of another major": "5f6161ff",
	} {
		raw, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := cborToJSON(raw); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Long texts are written in pieces, which must not cut characters.
func TestCBORToJSONLongText(t *testing.T) {
	for shift := range 5 {
		text := strings.Repeat("x", shift) + strings.Repeat("é温\U0001f600", 30_000)
		got, err := cborToJSON(appendText(nil, text))
		if err != nil || string(got) != `"`+text+`"` {
			t.Errorf("shifted by %d: changed, %v", shift, err)
		}
	}
	if got, err := cborToJSON(append(appendHead(nil, majorText, 200_000), bytes.Repeat([]byte{0xbf}, 200_000)...)); err != nil || !utf8.Valid(got) {
		t.Errorf("continuation bytes alone: not UTF-8, %v", err)
	}
}

// Escapes make JSON six times as long: what no client would take is not made.
func TestCBORToJSONGrowth(t *testing.T) {
	zeros := strings.Repeat("\x00", 300_000)
	for name, raw := range map[string][]byte{
		"one text": appendText(nil, zeros),
		"a name":   append(appendText([]byte{0xa1}, zeros), 1),
		"doubles":  append(appendHead(nil, majorArray, 100_000), bytes.Repeat([]byte{0xfa, 0x00, 0x00, 0x00, 0x01}, 100_000)...),
	} {
		const limit = 700_000
		w := jsonWriter{in: raw, limit: limit}
		if _, err := w.value(0); !errors.Is(err, ErrFailed) || len(w.out) > 2*limit {
			t.Errorf("%s: %d bytes became %d, %v", name, len(raw), len(w.out), err)
		}
	}
}

func TestJSONToCBOR(t *testing.T) {
	for name, tt := range map[string]struct{ json, want string }{
		"minus zero is an integer":   {"-0", "00"},
		"2^128 is a double":          {"340282366920938463463374607431768211456", "fb47f0000000000000"},
		"-2^128-1 is a double":       {"-340282366920938463463374607431768211457", "fbc7f0000000000000"},
		"60 digits are a double":     {strings.Repeat("9", 60), "fb4c63e9e4e4c2f344"},
		"1e999 is infinity":          {"1e999", "fb7ff0000000000000"},
		"400 digits are infinity":    {"-" + strings.Repeat("9", 400), "fbfff0000000000000"},
		"1.0 stays a double":         {"1.0", "fb3ff0000000000000"},
		"order of members":           {`{"b":1,"a":2}`, "a2616201616102"},
		"members with escaped names": {`{"\u0062":1}`, "a1616201"},
	} {
		if got, err := jsonToCBOR([]byte(tt.json)); err != nil || hex.EncodeToString(got) != tt.want {
			t.Errorf("%s: %x, %v, want %s", name, got, err, tt.want)
		}
	}
	for name, in := range map[string]string{
		"empty": "", "trailing": "1 2", "cut": `[1`, "depth": nested("[", "", "]", 10_000),
		"a name twice": `{"a":1,"a":1}`, "a name twice, escaped": `{"a":1,"\u0061":1}`, "surrogate": `"\ud800"`, "NaN": "NaN", "UTF-8": "\"\xff\"",
	} {
		if got, err := jsonToCBOR([]byte(in)); err == nil {
			t.Errorf("%s: %x", name, got)
		}
	}
}

// anyJSON draws JSON texts of all shapes.
func anyJSON(depth int) *rapid.Generator[string] {
	scalars := []*rapid.Generator[string]{
		rapid.SampledFrom([]string{"null", "true", "false", "-0", "0.0", "1e5", "12345678901234567890123"}),
		rapid.Custom(func(t *rapid.T) string { return strconv.FormatInt(rapid.Int64().Draw(t, "int"), 10) }),
		rapid.Custom(func(t *rapid.T) string { return strconv.FormatUint(rapid.Uint64().Draw(t, "uint"), 10) }),
		rapid.Custom(func(t *rapid.T) string { return string(appendFloat(nil, rapid.Float64().Draw(t, "float"))) }),
		rapid.Custom(func(t *rapid.T) string { return string(appendQuoted(nil, rapid.String().Draw(t, "text"))) }),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	item := rapid.Deferred(func() *rapid.Generator[string] { return anyJSON(depth - 1) })
	array := rapid.Custom(func(t *rapid.T) string {
		return "[" + strings.Join(rapid.SliceOfN(item, 0, 30).Draw(t, "items"), ",") + "]"
	})
	object := rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for i, name := range rapid.SliceOfNDistinct(rapid.String(), 0, 30, rapid.ID).Draw(t, "names") {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(string(appendQuoted(nil, name)) + ":" + item.Draw(t, "value"))
		}
		return "{" + b.String() + "}"
	})
	return rapid.OneOf(append(scalars, array, object)...)
}

func TestTranscodeRoundTrip(t *testing.T) {
	texts := anyJSON(3)
	rapid.Check(t, func(rt *rapid.T) {
		text := texts.Draw(rt, "JSON")
		inCBOR, err := jsonToCBOR([]byte(text))
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		if valid, err := checkCBOR(inCBOR, maxDecodeDepth); !valid || err != nil {
			rt.Fatalf("%s: %x is not valid: %v", text, inCBOR, err)
		}
		back, err := cborToJSON(inCBOR)
		if err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		want := strings.ReplaceAll(text, "-0.0", "minus zero") // the one number that must keep its sign
		if strings.Contains(want, "minus zero") && !bytes.Contains(back, []byte("-0.0")) {
			rt.Fatalf("%s lost a minus zero: %s", text, back)
		}
		if !reflect.DeepEqual(parseJSON(t, back), parseJSON(t, []byte(text))) {
			rt.Fatalf("%s became %s", text, back)
		}
		again, err := jsonToCBOR(back)
		if err != nil || !bytes.Equal(again, inCBOR) {
			rt.Fatalf("%x became %x, %v", inCBOR, again, err)
		}
	})
}

// A text comes through quoting and unquoting as it was.
func TestJSONTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		got, ok := jsonText(appendQuoted(nil, text))
		if !ok || string(got) != text {
			t.Fatalf("%q became %q", text, got)
		}
		ascii := strconv.QuoteToASCII(text)
		if !strings.ContainsAny(ascii, "\a\v") && !strings.Contains(ascii, `\x`) && !strings.Contains(ascii, `\U`) &&
			!strings.Contains(ascii, `\a`) && !strings.Contains(ascii, `\v`) {
			if got, ok := jsonText([]byte(ascii)); !ok || string(got) != text {
				t.Fatalf("%s became %q", ascii, got)
			}
		}
	})
}

// DataFrames reach JSON as rows where a converter was registered.
func TestCBORToJSONDataFrame(t *testing.T) {
	defer frameJSON.Store(frameJSON.Load())
	RegisterFrameJSON(func(f DataFrame) ([]byte, error) {
		if string(f) == "bad" {
			return nil, errors.New("no Arrow")
		}
		return []byte(`[{"a":1}]`), nil
	})
	for in, want := range map[string]string{
		"d850456172726f77":      `[{"a":1}]`,
		"81d850456172726f77":    `[[{"a":1}]]`,
		"d85043626164":          `"YmFk"`,
		"d8505f426172437272fff": "",
	} {
		raw, err := hex.DecodeString(strings.TrimSuffix(in, "f"))
		if err != nil && want != "" {
			t.Fatal(err)
		}
		got, err := cborToJSON(raw)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, %v, want %s", in, got, err, want)
		}
	}
	m := NewPub("t", NewPayload(CBOR, []byte("\xd8\x50\x45arrow")))
	if got := encodeJSON(t, NewCodec(Limits{}, JSON), m); !strings.Contains(got, `"params":[[{"a":1}]]`) {
		t.Errorf("a lone DataFrame is not one argument: %s", got)
	}
}

func FuzzTranscode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2.5,-3,"x\u00e9\ud83d\ude00",null,true],"b":{}}`, `123456789012345678901234567890`, `-0.0`, `1e999`, `[[[[]]]]`,
		"\x82\x01\x61a", "\xbf\x61a\x9f\x01\xff\xff", "\xd9\xdf\xff\x83\x19\xe0\x00\x81\x61a\x01", "\xd8\x1b\x83\x65Tuple\x40\x81\x01",
		"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", "\xd8\x50\x45arrow", "\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", "\xa2\x01\x01\x611\x02", "\x62\xc3\x28",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if out, err := cborToJSON(in); err == nil {
			if !json.Valid(out) || !utf8.Valid(out) {
				t.Fatalf("%x became %q, which is no JSON", in, out)
			}
			// What we write we also read.
			if _, err := jsonToCBOR(out); err != nil {
				t.Fatalf("%x became %s, which we refuse: %v", in, out, err)
			}
		}
		inCBOR, err := jsonToCBOR(in)
		if err != nil {
			return
		}
		if !json.Valid(in) {
			t.Fatalf("%q is no JSON, but became %x", in, inCBOR)
		}
		back, err := cborToJSON(inCBOR)
		if err != nil {
			t.Fatalf("%s became %x, which has no JSON: %v", in, inCBOR, err)
		}
		again, err := jsonToCBOR(back)
		if err != nil {
			t.Fatalf("%s became %s: %v", in, back, err)
		}
		if hasInfinity(inCBOR) { // and so null the second time
			return
		}
		if !bytes.Equal(inCBOR, again) {
			t.Fatalf("%s became %s: %x, then %x", in, back, inCBOR, again)
		}
	})
}

func hasInfinity(inCBOR []byte) bool {
	return bytes.Contains(inCBOR, []byte("\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00")) || bytes.Contains(inCBOR, []byte("\xfb\xff\xf0\x00\x00\x00\x00\x00\x00"))
}

func BenchmarkJSONToCBOR(b *testing.B) {
	in := []byte(`[{"ts":1423351104.123,"value":21.5,"unit":"celsius","ok":true,"name":"x1234567"}]`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jsonToCBOR(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCBORToJSON(b *testing.B) {
	in, err := jsonToCBOR([]byte(`[{"ts":1423351104.123,"value":21.5,"unit":"celsius","ok":true,"name":"x1234567"}]`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cborToJSON(in); err != nil {
			b.Fatal(err)
		}
	}
}
