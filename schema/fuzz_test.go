package schema

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

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
