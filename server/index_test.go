package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/protocol"
)

// segments that collide in every way that wildcards know.
var (
	topicSegments   = []string{"a", "ab", "abc", "b", "", "x@y", "a@"}
	patternSegments = []string{"a", "ab", "b", "*", "**", "a*", "*b", "a*c", "", "x@y"}
)

func join(t *rapid.T, from []string) string {
	parts := rapid.SliceOfN(rapid.SampledFrom(from), 1, 5).Draw(t, "segments")
	return strings.Join(parts, "/")
}

// indexModel is the dumb counterpart of an index.
type indexModel struct {
	index *index
	twins []*twin
	subs  map[*subscription]bool
	kept  map[string]*subscription // by twin and pattern
}

func (m *indexModel) add(t *rapid.T) {
	owner := rapid.IntRange(0, len(m.twins)-1).Draw(t, "twin")
	pattern := join(t, patternSegments)
	if rapid.IntRange(0, 9).Draw(t, "lone") == 0 {
		pattern = "*"
	}
	key := fmt.Sprint(owner, pattern)
	sub, err := newSubscription(m.twins[owner], pattern, protocol.DefaultLimits())
	if err != nil || m.kept[key] != nil {
		t.Skip()
	}
	m.kept[key], m.subs[sub] = sub, true
	m.index.add(sub)
}

func (m *indexModel) remove(t *rapid.T) {
	var keys []string
	for key := range m.kept {
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		t.Skip()
	}
	slices.Sort(keys)
	key := rapid.SampledFrom(keys).Draw(t, "key")
	m.index.remove(m.kept[key])
	delete(m.subs, m.kept[key])
	delete(m.kept, key)
}

// removeTwin removes all that one twin has.
func (m *indexModel) removeTwin(t *rapid.T) {
	owner := rapid.IntRange(0, len(m.twins)-1).Draw(t, "twin")
	mine := make(map[string]*subscription)
	for key, sub := range m.kept {
		if sub.twin == m.twins[owner] {
			mine[sub.pattern] = sub
			delete(m.kept, key)
			delete(m.subs, sub)
		}
	}
	m.index.removeAll(mine)
}

func (m *indexModel) match(t *rapid.T) {
	topic := join(t, topicSegments)
	if topic == "" {
		t.Skip()
	}
	match := m.index.match(topic)
	found := make(map[*subscription]bool)
	for _, target := range match.targets {
		for _, sub := range target.subs {
			s := sub.sub
			switch {
			case found[s]:
				t.Fatalf("%s is found twice for %s", s.pattern, topic)
			case !m.subs[s]:
				t.Fatalf("%s is found for %s and was removed", s.pattern, topic)
			case s.twin != target.twin:
				t.Fatalf("%s is found for a twin that has it not", s.pattern)
			case s.isSpace && match.patterns[sub.form-1] != s.pattern, !s.isSpace && sub.form != 0:
				t.Fatalf("%s is to be shown as form %d of %q", s.pattern, sub.form, match.patterns)
			}
			found[s] = true
		}
	}
	for s := range m.subs {
		fits := s.pattern == topic
		if s.isSpace {
			fits = s.space.Match(topic)
		}
		if fits && !found[s] {
			t.Fatalf("%s is not found for %s", s.pattern, topic)
		}
		if !fits && found[s] {
			t.Fatalf("%s is found for %s", s.pattern, topic)
		}
	}
}

// TestIndexModel compares trie and cache with Space.Match on every subscription,
// with changes in between.
func TestIndexModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &indexModel{index: newIndex(), twins: []*twin{{}, {}, {}}, subs: map[*subscription]bool{}, kept: map[string]*subscription{}}
		t.Repeat(map[string]func(*rapid.T){
			"add": m.add, "add more": m.add, "remove": m.remove, "remove twin": m.removeTwin,
			"match": m.match, "match again": m.match,
		})
		for _, sub := range m.kept {
			m.index.remove(sub)
		}
		if !m.index.empty() {
			t.Fatalf("after the removal of all: %+v", m.index.spaces)
		}
	})
}

// empty reports whether nothing is left of any subscription.
func (x *index) empty() bool {
	n := &x.spaces
	for _, m := range x.cache {
		if len(m.targets) > 0 {
			return false
		}
	}
	return len(x.exact) == 0 && len(n.literal) == 0 && len(n.partial) == 0 && n.one == nil && n.any == nil && len(n.subs) == 0
}

// TestWildcardBlowUp: fault 49. However many ** a pattern has, a node of the trie is
// entered at most once a segment.
func TestWildcardBlowUp(t *testing.T) {
	x := newIndex()
	for n := 1; n <= 30; n++ {
		for _, end := range []string{"", "/x", "/*"} {
			sub, err := newSubscription(&twin{}, strings.Repeat("**/a/", n)+"**"+end, protocol.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			x.add(sub)
		}
	}
	topic := strings.Repeat("a/", 62) + "b"
	x.walk(topic)
	steps := x.stamp
	if steps > 64 {
		t.Errorf("%d steps for 63 segments", steps)
	}
	for range 100 { // it would not end in the life of the machine
		if found := x.walk(topic); len(found) != 60 {
			t.Fatalf("%d found", len(found))
		}
	}
}

// TestManyPatternsOfOneTopic: no part of finding an audience is more than linear in
// it: the core's lock is held meanwhile.
func TestManyPatternsOfOneTopic(t *testing.T) {
	x := newIndex()
	topic := strings.Repeat("a/", 13) + "a"
	subs := make(map[string]*subscription)
	owner := &twin{}
	for n := range 10_000 { // each bit says whether a segment is a wildcard
		parts := make([]string, 14)
		for i := range parts {
			if parts[i] = "a"; n>>i&1 == 1 {
				parts[i] = "*"
			}
		}
		pattern := strings.Join(parts, "/")
		sub, err := newSubscription(owner, pattern, protocol.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		subs[pattern] = sub
		x.add(sub)
	}
	for range 3 {
		if m := x.resolve(topic); len(m.targets) != 1 || len(m.targets[0].subs) != 10_000 {
			t.Fatalf("%d targets", len(m.targets))
		}
	}
	for n := range cacheTopics + 10 {
		x.match(fmt.Sprint("other/", n))
	}
	if len(x.cache) > cacheTopics {
		t.Errorf("%d topics are remembered", len(x.cache))
	}
	x.removeAll(subs)
	if !x.empty() {
		t.Error("something is left")
	}
}
