package schema

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

const golden = "../testdata/schema"

// TestLoad reads each testdata/schema/*.json and compares the schema, or all
// that is wrong with it, with the .txt beside it. It holds fault 39 (empty, blank,
// cut, not-json: refused), 35 and 47 (names, odd-names) and 28 (deep,
// repeated-keys) for schema files.
func TestLoad(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden, "*.json"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			s, err := Load(file)
			var ps Problems
			if err != nil && !errors.As(err, &ps) {
				t.Fatal(err)
			}
			if (s == nil) != (len(ps) > 0) {
				t.Fatalf("schema %v with %d problems", s, len(ps))
			}
			got := dump(s)
			if s == nil {
				got = ps.Error() + "\n"
			}
			want := strings.TrimSuffix(file, ".json") + ".txt"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(text) {
				t.Errorf("got:\n%s\nwant:\n%s", got, text)
			}
		})
	}
}

func dump(s *Schema) string {
	if s == nil {
		return ""
	}
	var b strings.Builder
	for _, t := range s.Tables {
		fmt.Fprintf(&b, "%q on %q keys %q", t.Name, t.Topic, t.Keys)
		for _, x := range t.Extras {
			fmt.Fprintf(&b, " %s %q", x.Kind, x.Name)
		}
		if t.DeleteTopic != "" {
			fmt.Fprintf(&b, " delete %q", t.DeleteTopic)
		}
		b.WriteByte('\n')
		for _, c := range t.Columns {
			fmt.Fprintf(&b, "  %q %s", c.Name, c.Type)
			if !c.Nullable {
				b.WriteString(" not null")
			}
			if c.HasDefault {
				fmt.Fprintf(&b, " default %T %v", c.Default, c.Default)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// TestSchemaOfTheRepository holds that the root schema.json is the one of the
// README, and what its topics mean.
func TestSchemaOfTheRepository(t *testing.T) {
	s, err := Load("../schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]string{
		"belluno/HVAC/agordo.station1/sensor": "sensor",
		"agordo.station1/telemetry":           "telemetry",
		"sensor":                              "sensor",
		"telemetry":                           "telemetry",
		"a/b/telemetry":                       "",
	} {
		got := ""
		if table, _ := s.Match(topic); table != nil {
			got = table.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", topic, got, want)
		}
	}
	if tele := s.Table("telemetry"); !slices.Equal(tele.Extras, []Extra{{RecvTS, "ts"}, {Slot, "time_bucket"}}) || tele.Width() != 5 {
		t.Errorf("telemetry is %+v", tele)
	}
}

func TestLoadWithoutFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestParseTooLarge(t *testing.T) {
	src := append([]byte(`{"tables":[]}`), make([]byte, MaxFile)...)
	_, err := Parse(src)
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

// TestParseManyProblems: the largest files with the most problems are refused as
// any other, each problem reported.
func TestParseManyProblems(t *testing.T) {
	columns := func(n int) string {
		return strings.Repeat(`{"col":"a","type":"INTEGRE"},`, n-1) + `{"col":"b","type":"TEXT"}`
	}
	for name, src := range map[string]string{
		"columns": `{"tables":[{"table":"t","columns":[` + columns(30000) + `]}]}`,
		"keys":    `{"tables":[{"table":"t","columns":[` + columns(MaxColumns) + `],"keys":[` + strings.Repeat(`"nokey",`, 20000) + `"b"]}]}`,
		"tables":  `{"tables":[` + strings.Repeat(`{"table":"t","topic":":a","columns":[]},`, 20000) + `1]}`,
	} {
		var ps Problems
		if _, err := Parse([]byte(src)); !errors.As(err, &ps) || len(ps) < 1000 {
			t.Errorf("%s: %d problems", name, len(ps))
		}
	}
	ok := `{"tables":[{"table":"t","columns":[`
	for i := range MaxColumns {
		ok += fmt.Sprintf(`{"col":"c%d","type":"TEXT"},`, i)
	}
	if _, err := Parse([]byte(strings.TrimSuffix(ok, ",") + `]}]}`)); err != nil {
		t.Error(err)
	}
}

// TestParseHasNoFile: without a file the lines begin with the position.
func TestParseHasNoFile(t *testing.T) {
	_, err := Parse([]byte("{\"tables\": [\n\t{\"table\": \"é\", \"x\": 1}]}"))
	want := "2:2: tables[0]: \"columns\" is missing\n2:17: tables[0]: unknown key \"x\""
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestKeysAreNotNull: the rule "NULL if nullable and not a key".
func TestKeysAreNotNull(t *testing.T) {
	s := mustParse(t, `{"tables":[{"table":"t","keys":["a"],"columns":[{"col":"a","type":"TEXT","nullable":true},{"col":"b","type":"TEXT"}]}]}`)
	if c := s.Tables[0].Columns; c[0].Nullable || !c[1].Nullable {
		t.Errorf("got %+v", c)
	}
}

func mustParse(t testing.TB, src string) *Schema {
	t.Helper()
	s, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
