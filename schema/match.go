package schema

import (
	"slices"
	"strings"
)

// byTopic finds the patterns that a topic may fit without trying all of them:
// by number of segments and the text of the pattern's last literal segment.
type byTopic struct {
	counts [MaxSegments + 1]*group
}

// group holds the patterns of one number of segments.
type group struct {
	places []int // distinct positions of a last literal; -1: patterns of variables only
	tables map[place][]candidate
}

type place struct {
	at   int
	text string // "" when at is -1
}

type candidate struct {
	rank  int // position in the file: the first table wins
	table *Table
}

func (b *byTopic) add(rank int, t *Table) {
	g := b.counts[len(t.pattern)]
	if g == nil {
		g = &group{tables: map[place][]candidate{}}
		b.counts[len(t.pattern)] = g
	}
	key := place{at: t.pattern.lastLiteral()}
	if key.at >= 0 {
		key.text = t.pattern[key.at].text
	}
	if !slices.Contains(g.places, key.at) {
		g.places = append(g.places, key.at)
	}
	g.tables[key] = append(g.tables[key], candidate{rank, t})
}

// Match returns the table that takes messages of topic, nil for none, and the
// values of its pattern's variables. A topic equal to a table's name belongs to
// that table, whatever the patterns say; any other to the first table of the
// file whose pattern has as many segments and equal literals. It does not
// allocate and is safe for concurrent use.
func (s *Schema) Match(topic string) (*Table, Vars) {
	if t := s.byName[topic]; t != nil {
		return t, varsOf(t, topic)
	}
	var parts [MaxSegments]string
	n := split(topic, &parts)
	if n == 0 || s.counts[n] == nil {
		return nil, Vars{}
	}
	g := s.counts[n]
	var best candidate
	for _, at := range g.places {
		key := place{at: at}
		if at >= 0 {
			key.text = parts[at]
		}
		for _, c := range g.tables[key] {
			if best.table != nil && c.rank > best.rank {
				break
			}
			if c.table.pattern.match(parts[:n]) {
				best = c
				break
			}
		}
	}
	if best.table == nil {
		return nil, Vars{}
	}
	return best.table, Vars{table: best.table, topic: topic}
}

// split cuts topic at its slashes and returns the number of segments, 0 when
// they are more than fit.
func split(topic string, parts *[MaxSegments]string) int {
	for n := 0; n < len(parts); n++ {
		i := strings.IndexByte(topic, '/')
		if i < 0 {
			parts[n] = topic
			return n + 1
		}
		parts[n], topic = topic[:i], topic[i+1:]
	}
	return 0
}

// Vars are the values that a topic gives to columns, as text. The zero Vars has
// none. It is a small value without memory of its own: copy it freely.
type Vars struct {
	table *Table
	topic string
}

// varsOf is for a topic that is the table's name: it has values only when it
// fits the table's own pattern as well.
func varsOf(t *Table, topic string) Vars {
	var parts [MaxSegments]string
	if n := split(topic, &parts); t.pattern.match(parts[:n]) {
		return Vars{table: t, topic: topic}
	}
	return Vars{}
}

// Get returns the value of the variable that fills column, and whether the
// topic has it.
func (v Vars) Get(column string) (string, bool) {
	if v.table == nil {
		return "", false
	}
	i, ok := v.table.index[column]
	if !ok {
		return "", false
	}
	return v.at(i)
}

// at is Get by the position of the column.
func (v Vars) at(column int) (string, bool) {
	if v.table == nil || v.table.varSeg[column] < 0 {
		return "", false
	}
	rest := v.topic
	for n := v.table.varSeg[column]; n > 0; n-- {
		rest = rest[strings.IndexByte(rest, '/')+1:]
	}
	text, _, _ := strings.Cut(rest, "/")
	return text, true
}
