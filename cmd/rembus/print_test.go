package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/protocol"
)

// hostileFrame is a DataFrame with all that is hard to print.
func hostileFrame() protocol.DataFrame {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "\x1b[2Jn", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "f32", Type: arrow.PrimitiveTypes.Float32, Nullable: true},
		{Name: "f64", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "bytes", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "last", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	name, n := b.Field(0).(*array.StringBuilder), b.Field(1).(*array.Int64Builder)
	f32, f64 := b.Field(2).(*array.Float32Builder), b.Field(3).(*array.Float64Builder)
	raw, last := b.Field(4).(*array.BinaryBuilder), b.Field(5).(*array.StringBuilder)
	for _, row := range []struct {
		name string
		n    int64
		f32  float32
		f64  float64
		raw  string
		last string
	}{
		{"plain", 1, 0.1, 18.5, "\x00\xff", "end"},
		{"温度 é", math.MinInt64, 1e-9, math.NaN(), "", ""},
		{"\x1b]0;owned\a\r\n,\"\u202e", math.MaxInt64, 2, 1e300, "x", " padded "},
	} {
		name.Append(row.name)
		n.Append(row.n)
		f32.Append(row.f32)
		f64.Append(row.f64)
		raw.Append([]byte(row.raw))
		last.Append(row.last)
	}
	for _, f := range b.Fields() {
		f.AppendNull()
	}
	stream, err := arrowipc.Encode(schema, b.NewRecordBatch())
	if err != nil {
		panic(err)
	}
	return stream
}

func printed(t *testing.T, write func(*bufio.Writer, *arrowipc.Frame)) string {
	t.Helper()
	frame, err := arrowipc.Decode(hostileFrame(), arrowipc.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	write(w, frame)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	const want = `name                                        \u001b[2Jn    f32     f64  bytes  last
--------------------------------  --------------------  -----  ------  -----  --------
plain                                                1    0.1    18.5  AP8=   end
温度 é                            -9223372036854775808  1e-09     NaN
\u001b]0;owned\u0007\r\n,"\u202e   9223372036854775807      2  1e+300  eA==    padded
NULL                                              NULL   NULL    NULL  NULL   NULL
(4 rows)
`
	got := printed(t, writeTable)
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	noControls(t, got)
}

// TestTableColumnsAlign looks where each column ends on each line.
func TestTableColumnsAlign(t *testing.T) {
	got := printed(t, writeTable)
	lines := strings.Split(got, "\n")
	numbers := strings.Index(lines[1], "  ") + 2
	end := numbers + strings.Index(lines[1][numbers:], " ")
	for i, want := range []string{"n", "-", "1", "8", "7", "L"} {
		column, last := 0, ""
		for _, r := range lines[i] {
			if column += width(string(r)); column == end {
				last = string(r)
			}
		}
		if last != want {
			t.Errorf("line %d has %q at the end of the second column, want %q", i+1, last, want)
		}
	}
}

// TestCSV reads it back with another reader: bytes of texts are kept.
func TestCSV(t *testing.T) {
	got := printed(t, func(w *bufio.Writer, f *arrowipc.Frame) { writeCSV(w, f, false) })
	for i, line := range []string{
		"name,\x1b[2Jn,f32,f64,bytes,last\r\n",
		"plain,1,0.1,18.5,AP8=,end\r\n",
		"温度 é,-9223372036854775808,1e-09,NaN,\"\",\"\"\r\n",
		"\"\x1b]0;owned\a\r\n,\"\"\u202e\",9223372036854775807,2,1e+300,eA==,\" padded \"\r\n",
		",,,,,\r\n",
	} {
		rest, ok := strings.CutPrefix(got, line)
		if !ok {
			t.Fatalf("record %d: got %q, want %q", i, got, line)
		}
		got = rest
	}
	if got != "" {
		t.Errorf("%q follows", got)
	}
	all := printed(t, func(w *bufio.Writer, f *arrowipc.Frame) { writeCSV(w, f, false) })
	records, err := csv.NewReader(strings.NewReader(all)).ReadAll()
	if err != nil || len(records) != 5 || records[1][5] != "end" || records[3][5] != " padded " {
		t.Errorf("read back as %q, %v", records, err)
	}
}

func TestCSVForTerminal(t *testing.T) {
	got := printed(t, func(w *bufio.Writer, f *arrowipc.Frame) { writeCSV(w, f, true) })
	noControls(t, strings.ReplaceAll(got, "\r\n", ""))
}

// TestNestedColumnsInTables: a list has no form of its own in a table.
func TestNestedColumnsInTables(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64), Nullable: true}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	l := b.Field(0).(*array.ListBuilder)
	l.Append(true)
	l.ValueBuilder().(*array.Int64Builder).AppendValues([]int64{1, 2}, nil)
	l.AppendNull()
	stream, err := arrowipc.Encode(schema, b.NewRecordBatch())
	if err != nil {
		t.Fatal(err)
	}
	frame, err := arrowipc.Decode(stream, arrowipc.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	writeTable(w, frame)
	w.Flush()
	if want := "l\n-----\n[1,2]\nNULL\n(2 rows)\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// noControls fails when s holds what a terminal obeys.
func noControls(t *testing.T, s string) {
	t.Helper()
	if strings.ContainsAny(s, "\x1b\a\b\r\x7f\u009b\u202e") {
		t.Errorf("control characters in %q", s)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"plain é 温度 👍":            "plain é 温度 👍",
		"a\nb\tc\rd":              `a\nb\tc\rd`,
		"\x1b[31m\a\b\x00\x7f":    `\u001b[31m\u0007\u0008\u0000\u007f`,
		"\u009b2J\u202e\u2066":    `\u009b2J\u202e\u2066`,
		"\xff\xfe":                `\ufffd\ufffd`,
		"\U000e0041 \U000f0000":   `\udb40\udc41 \udb80\udc00`,
		"two\u2028lines\u00a0end": `two\u2028lines\u00a0end`,
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := lines("a\n\tb\x1b[0m\r"); got != "a\n\tb\\u001b[0m\\r" {
		t.Errorf("lines: %q", got)
	}
}

func TestWidth(t *testing.T) {
	for in, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "温度": 4, "👍": 2, "ｱ": 1, "Ａ": 2, "한": 2} {
		if got := width(in); got != want {
			t.Errorf("width(%q) = %d, want %d", in, got, want)
		}
	}
}

// FuzzSafeJSON: what is printed means the same as what came, and a terminal
// finds nothing in it to obey.
func FuzzSafeJSON(f *testing.F) {
	for _, seed := range []string{
		`null`, `[1, 2.50, "a\u001b"]`, "\"\u009b2J\u202e\"", `{"a": {"\u2028": "` + "\u2028\U000e0041" + `"}}`,
		"\"\x7f\"", `"\ud800"`, `12345678901234567890123`, " [ ] ", `"` + "\\\\\u0085" + `"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		safe, err := safeJSON(raw)
		if err != nil {
			if json.Valid(raw) {
				t.Fatalf("%q refused: %v", raw, err)
			}
			return
		}
		if bytes.IndexFunc(safe, hidden) >= 0 {
			t.Fatalf("%q holds what is not printable", safe)
		}
		if got, want := decoded(t, safe), decoded(t, raw); got != want {
			t.Fatalf("%q became %q", raw, safe)
		}
	})
}

func decoded(t *testing.T, raw []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("more than one value in %q", raw)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
