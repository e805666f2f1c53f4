package schema

import "strings"

// MaxSegments is the most segments that a pattern or a table's name may have:
// the limit of topics.
const MaxSegments = 64

// segment is one part of a topic pattern between slashes: a literal, or a
// variable with the name of the column that it fills.
type segment struct {
	text     string
	variable bool
}

type pattern []segment

func parsePattern(topic string) pattern {
	parts := strings.Split(topic, "/")
	p := make(pattern, len(parts))
	for i, part := range parts {
		name, variable := strings.CutPrefix(part, ":")
		p[i] = segment{text: name, variable: variable}
	}
	return p
}

// variable returns the segment whose variable is name, -1 for none.
func (p pattern) variable(name string) int {
	for i, s := range p {
		if s.variable && s.text == name {
			return i
		}
	}
	return -1
}

// lastLiteral returns the position of the last segment that is a literal, -1
// for none.
func (p pattern) lastLiteral() int {
	for i := len(p) - 1; i >= 0; i-- {
		if !p[i].variable {
			return i
		}
	}
	return -1
}

// match reports whether the segments of a topic fit. A variable takes any
// segment that is not empty.
func (p pattern) match(topic []string) bool {
	if len(topic) != len(p) {
		return false
	}
	for i, s := range p {
		if s.variable && topic[i] == "" || !s.variable && topic[i] != s.text {
			return false
		}
	}
	return true
}

// covers reports whether every topic that fits q also fits p.
func (p pattern) covers(q pattern) bool {
	if len(p) != len(q) {
		return false
	}
	for i, s := range p {
		if !s.variable && (q[i].variable || q[i].text != s.text) {
			return false
		}
	}
	return true
}

func (p pattern) hasVariable() bool {
	for _, s := range p {
		if s.variable {
			return true
		}
	}
	return false
}
