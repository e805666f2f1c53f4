package schema

import (
	"slices"
	"strings"
)

// byTopic finds the patterns that a topic may fit without trying all of them:
// by number of segments and the text of the pattern's last literal segment.
type byTopic struct {
	counts [MaxSegments + 1]*group
	added  int
}

// group holds the patterns of one number of segments.
type group struct {
	places []int // distinct positions of a last literal; -1: patterns of variables only
	routes map[place][]*route
}

type place struct {
	at   int
	text string // "" when at is -1
}

// add takes the routes in the order in which they win.
func (b *byTopic) add(r *route) {
	g := b.counts[len(r.pattern)]
	if g == nil {
		g = &group{routes: map[place][]*route{}}
		b.counts[len(r.pattern)] = g
	}
	key := place{at: r.pattern.lastLiteral()}
	if key.at >= 0 {
		key.text = r.pattern[key.at].text
	}
	if !slices.Contains(g.places, key.at) {
		g.places = append(g.places, key.at)
	}
	b.added++
	r.rank = b.added
	g.routes[key] = append(g.routes[key], r)
}

// Match returns the table that messages of topic fill or delete from, nil for
// none, and the values of its pattern's variables, which also say which of the
// two it is ([Vars.Deletes]). A topic equal to a table's name fills that table,
// whatever the patterns say. Any other belongs to the first pattern that has as
// many segments and equal literals: first the deletion patterns, then those of
// rows, each in the order of the file. It does not allocate and is safe for
// concurrent use.
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
	var best *route
	for _, at := range g.places {
		key := place{at: at}
		if at >= 0 {
			key.text = parts[at]
		}
		for _, r := range g.routes[key] {
			if best != nil && r.rank > best.rank {
				break
			}
			if r.pattern.match(parts[:n]) {
				best = r
				break
			}
		}
	}
	if best == nil {
		return nil, Vars{}
	}
	return best.table, Vars{route: best, topic: topic}
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
