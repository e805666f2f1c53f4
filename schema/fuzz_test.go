package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rembus-go/rembus/protocol"
)

// FuzzParse: no file text may panic; what is refused has a place and a printable
// text, what is accepted can be matched and has sound tables.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(golden, "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Parse(src)
		if err != nil {
			checkProblems(t, src, s, err)
			return
		}
		for _, table := range s.Tables {
			checkTable(t, s, table)
		}
	})
}

// goTypes are what the DuckDB driver is given for each column type.
var goTypes = map[Type]any{
	Boolean: false, Text: "", Blob: []byte{}, TinyInt: int8(0), UTinyInt: uint8(0), SmallInt: int16(0), USmallInt: uint16(0), Integer: int32(0), UInteger: uint32(0),
	BigInt: int64(0), UBigInt: uint64(0), HugeInt: &big.Int{}, UHugeInt: &big.Int{}, Float: float32(0), Double: float64(0), Timestamp: time.Time{},
	TimestampTZ: time.Time{}, Date: time.Time{}, Time: time.Time{}, Decimal: int64(0), UUID: []byte{}, JSON: "",
}

// checkValue: nothing but the Go type of the column reaches the driver, and
// text only as UTF-8, which DuckDB would turn into NULL silently.
func checkValue(t *testing.T, typ Type, v any) {
	if reflect.TypeOf(v) != reflect.TypeOf(goTypes[typ]) {
		t.Fatalf("%s became %T %v", typ, v, v)
	}
	if s, ok := v.(string); ok && !utf8.ValidString(s) {
		t.Fatalf("text %q", s)
	}
	if b, ok := v.([]byte); ok && typ == UUID && len(b) != 16 {
		t.Fatalf("UUID %x", b)
	}
	if n, ok := v.(int64); ok && typ == Decimal && (n <= -1e18 || n >= 1e18) {
		t.Fatalf("DECIMAL %d", n)
	}
	if s, ok := v.(string); ok && typ == JSON && !json.Valid([]byte(s)) {
		t.Fatalf("JSON %q", s)
	}
	if at, ok := v.(time.Time); ok && (at.Year() < 1 || at.Year() > 9999 || at.Location() != time.UTC || at.Nanosecond()%1000 != 0) {
		t.Fatalf("time %v", at)
	}
}

// FuzzParseText: what a topic says becomes a value of the type or an error fit to
// print.
func FuzzParseText(f *testing.F) {
	for _, s := range []string{"", "true", "-129", "1e400", "NaN", "340282366920938463463374607431768211456", "2026-01-31T10:20:30+01:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.9999999-01", "a\x00\xff",
		"2026-01-31", "10:20:30.5", "-12.5e3", "1e-9999", "0123456789abcdef0123456789abcdef", `{"a":[1,"\ud83d\ude00"]}`, `"\ud800"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range Types {
			v, err := typ.ParseText(s)
			if err == nil {
				checkValue(t, typ, v)
				continue
			}
			if text := err.Error(); len(text) > 300 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("error %q", text)
			}
		}
	})
}

// FuzzRow: whatever one value is sent, a row holds values of its columns' types
// and no NULL where none may be.
func FuzzRow(f *testing.F) {
	f.Add([]byte("\xa1\x61v\xf9\x3e\x00"))
	f.Add([]byte("\xc1\xfb\x41\xd9\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\xc0\x742026-01-31T10:20:30Z"))
	f.Add([]byte("\xc3\x50\x7f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\xfb\x43\xe0\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\xf9\x7e\x00"))
	f.Add([]byte("\x61a"))
	f.Add([]byte("\x41a"))
	f.Add([]byte("\xf5"))
	f.Add([]byte("\xf6"))
	f.Add([]byte("\xc4\x82\x20\x0f"))
	f.Add([]byte("\xc4\x82\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("\xa1\x61a\x82\xf6\xf9\x7e\x00"))
	f.Add([]byte("\x6a2026-01-31"))
	var tables []string
	for i, typ := range Types {
		tables = append(tables, fmt.Sprintf(`{"table": "t%d", "columns": [{"col": "v", "type": "%s", "nullable": %v}]}`, i, typ, i%2 == 0))
	}
	s := mustParse(f, `{"tables": [`+strings.Join(tables, ",")+`]}`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var v any
		if protocol.RawValue(raw).Decode(&v) != nil {
			return // no message: the codec refused it
		}
		p := protocol.NewPayload(protocol.CBOR, append([]byte{0x81}, raw...))
		for _, table := range s.Tables {
			row, err := table.Row(&protocol.Entry{Msg: protocol.NewPub(table.Name, p)}, Vars{})
			switch {
			case err != nil:
			case len(row) != 1 || row[0] == nil && !table.Columns[0].Nullable:
				t.Fatalf("%s: %v", table.Columns[0].Type, row)
			case row[0] != nil:
				checkValue(t, table.Columns[0].Type, row[0])
			}
		}
	})
}

func checkProblems(t *testing.T, src []byte, s *Schema, err error) {
	var ps Problems
	if s != nil || !errors.As(err, &ps) || len(ps) == 0 {
		t.Fatalf("got %v, %v", s, err)
	}
	lines := strings.Count(string(src), "\n") + 1
	last := Problem{}
	for _, p := range ps {
		if p.Line < 1 || p.Line > lines || p.Col < 1 || p.Col > len(src)+1 || p.Text == "" {
			t.Fatalf("impossible %+v", p)
		}
		if p.Line < last.Line || p.Line == last.Line && p.Col < last.Col {
			t.Fatalf("%+v after %+v", p, last)
		}
		last = p
		for _, r := range p.String() {
			if !unicode.IsPrint(r) {
				t.Fatalf("not printable: %q", p.String())
			}
		}
	}
}

func checkTable(t *testing.T, s *Schema, table *Table) {
	if got, _ := s.Match(table.Name); got != table || s.Table(table.Name) != table {
		t.Fatalf("table %q is not found by its name", table.Name)
	}
	topic := strings.ReplaceAll(table.Topic, ":", "\x00") // a value that no literal has
	if got, vars := s.Match(topic); got != table {
		t.Fatalf("topic %q of table %q goes to %+v", topic, table.Name, got)
	} else if row, err := table.Row(&protocol.Entry{Msg: protocol.NewPub(topic, nil)}, vars); err == nil && len(row) != table.Width() {
		t.Fatalf("row of %d values, %d wanted", len(row), table.Width())
	}
	if len(table.Columns) == 0 {
		t.Fatal("no columns")
	}
	seen := map[string]bool{}
	for i, c := range table.Columns {
		if n, ok := table.Index(c.Name); !ok || n != i || seen[strings.ToLower(c.Name)] || c.Name == "" || strings.ContainsRune(c.Name, 0) {
			t.Fatalf("column %+v", c)
		}
		seen[strings.ToLower(c.Name)] = true
		if c.HasDefault != (c.Default != nil) {
			t.Fatalf("default of %+v", c)
		}
	}
	for _, k := range table.Keys {
		if i, ok := table.Index(k); !ok || table.Columns[i].Nullable {
			t.Fatalf("key %q", k)
		}
	}
}
