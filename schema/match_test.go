package schema

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// modelMatch is the rule of the protocol in the plainest words.
func modelMatch(s *Schema, topic string) (table *Table, deletes bool, vars map[string]string) {
	for _, t := range s.Tables {
		if t.Name == topic {
			return t, false, modelVars(t.Topic, topic)
		}
	}
	for _, deletes := range []bool{true, false} {
		for _, t := range s.Tables {
			pattern := t.Topic
			if deletes {
				if pattern = t.DeleteTopic; pattern == "" || len(t.Keys) == 0 {
					continue
				}
			}
			if vars := modelVars(pattern, topic); vars != nil {
				return t, deletes, vars
			}
		}
	}
	return nil, false, nil
}

// modelVars returns nil when the topic does not fit the pattern.
func modelVars(pattern, topic string) map[string]string {
	have, want := strings.Split(topic, "/"), strings.Split(pattern, "/")
	if len(have) != len(want) {
		return nil
	}
	vars := map[string]string{}
	for i := range want {
		if strings.HasPrefix(want[i], ":") && have[i] != "" {
			vars[want[i][1:]] = have[i]
		} else if want[i] != have[i] {
			return nil
		}
	}
	return vars
}

// TestMatchModel compares Match with the model on random schemas and topics,
// made of few words so that they meet.
func TestMatchModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "b", "c"})
		s := &Schema{}
		for range rapid.IntRange(1, 8).Draw(t, "tables") {
			name := strings.Join(rapid.SliceOfN(word, 1, 3).Draw(t, "name"), "/")
			if s.hasTable(name) {
				continue
			}
			tab := &Table{Name: name, Topic: name}
			for j := range 4 {
				tab.Columns = append(tab.Columns, Column{Name: fmt.Sprintf("v%d", j), Type: Text})
			}
			pattern := func() string {
				parts := rapid.SliceOfN(word, 1, 4).Draw(t, "parts")
				for j := range parts {
					if rapid.Bool().Draw(t, "variable") {
						parts[j] = fmt.Sprintf(":v%d", j)
					}
				}
				return strings.Join(parts, "/")
			}
			if rapid.Bool().Draw(t, "pattern") {
				tab.Topic = pattern()
			}
			if rapid.Bool().Draw(t, "deletes") {
				tab.DeleteTopic = pattern()
			}
			if rapid.Bool().Draw(t, "keyed") {
				tab.Keys = []string{"v0"}
			}
			s.Tables = append(s.Tables, tab)
		}
		s.seal()
		for range 20 {
			topic := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "", ":v0"}), 1, 5).Draw(t, "topic"), "/")
			compare(t, s, topic)
		}
	})
}

func (s *Schema) hasTable(name string) bool {
	for _, t := range s.Tables {
		if t.Name == name {
			return true
		}
	}
	return false
}

func compare(t rapid.TB, s *Schema, topic string) {
	want, deletes, wantVars := modelMatch(s, topic)
	got, vars := s.Match(topic)
	if got != want || vars.Deletes() != deletes {
		t.Fatalf("%q: got %+v, deletion %v, want %+v, %v", topic, got, vars.Deletes(), want, deletes)
	}
	if got == nil {
		return
	}
	for _, c := range got.Columns {
		text, ok := vars.Get(c.Name)
		wantText, wantOK := wantVars[c.Name]
		if text != wantText || ok != wantOK {
			t.Fatalf("%q: column %s is %q, %v, want %q, %v", topic, c.Name, text, ok, wantText, wantOK)
		}
	}
	if _, ok := vars.Get("no such column"); ok {
		t.Fatal("a variable that is not there")
	}
}

// TestMatchFirstWins: "the first table whose pattern…", and the table's name
// before every pattern.
func TestMatchFirstWins(t *testing.T) {
	s := mustParse(t, `{"tables": [
	 {"table": "special", "topic": "hall/:x", "columns": [{"col": "x", "type": "TEXT"}]},
	 {"table": "any", "topic": ":place/:x", "columns": [{"col": "place", "type": "TEXT"}, {"col": "x", "type": "TEXT"}]},
	 {"table": "hall/door", "columns": [{"col": "x", "type": "TEXT"}]},
	 {"table": "single", "topic": ":x", "columns": [{"col": "x", "type": "TEXT"}]}]}`)
	for topic, want := range map[string]string{
		"hall/window": "special", "roof/window": "any", "hall/door": "hall/door", "roof/door": "any",
		"any": "any", "special": "special", "other": "single", "a/b/c": "", "": "", "/x": "", "hall/": "",
		strings.Repeat("a/", MaxSegments) + "a": "", strings.Repeat("/", 5000): "",
	} {
		got := ""
		if table, _ := s.Match(topic); table != nil {
			got = table.Name
		}
		if got != want {
			t.Errorf("%.40q: %q, want %q", topic, got, want)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	s := mustParse(t, rowSchema)
	n := testing.AllocsPerRun(100, func() {
		table, vars := s.Match("belluno/7/s1/sensor")
		if v, _ := vars.Get("dn"); table == nil || v != "s1" {
			t.Error("no match")
		}
		if table, _ := s.Match("nothing/of/ours"); table != nil {
			t.Error("a match")
		}
		if table, vars := s.Match("belluno/s1/gone"); table == nil || !vars.Deletes() {
			t.Error("no deletion")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkMatch: many tables of the same shape must not cost more than few.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("tables=%d", n), func(b *testing.B) {
			var tables []string
			for i := range n {
				tables = append(tables, fmt.Sprintf(`{"table": "t%d", "topic": ":dn/kind%d", "columns": [{"col": "dn", "type": "TEXT"}]}`, i, i))
			}
			s := mustParse(b, `{"tables": [`+strings.Join(tables, ",")+`]}`)
			topic := fmt.Sprintf("agordo.station1/kind%d", n-1)
			for b.Loop() {
				if t, _ := s.Match(topic); t == nil {
					b.Fatal("no match")
				}
			}
		})
	}
}
