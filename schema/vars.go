package schema

import "strings"

// Vars are the values that a topic gives to columns, as text. The zero Vars has
// none. It is a small value without memory of its own: copy it freely.
type Vars struct {
	route *route
	topic string
}

// varsOf is for a topic that is the table's name: it has values only when it
// fits the table's own pattern as well.
func varsOf(t *Table, topic string) Vars {
	var parts [MaxSegments]string
	if n := split(topic, &parts); t.fill.pattern.match(parts[:n]) {
		return Vars{route: t.fill, topic: topic}
	}
	return Vars{}
}

// Deletes reports whether a message of the topic deletes rows, those whose keys
// [Table.Key] returns, instead of adding one.
func (v Vars) Deletes() bool { return v.route != nil && v.route.deletes }

// Get returns the value of the variable that fills column, and whether the
// topic has it.
func (v Vars) Get(column string) (string, bool) {
	if v.route == nil {
		return "", false
	}
	i, ok := v.route.table.index[column]
	if !ok {
		return "", false
	}
	return v.at(i)
}

// at is Get by the position of the column.
func (v Vars) at(column int) (string, bool) {
	if v.route == nil || v.route.segments[column] < 0 {
		return "", false
	}
	rest := v.topic
	for n := v.route.segments[column]; n > 0; n-- {
		rest = rest[strings.IndexByte(rest, '/')+1:]
	}
	text, _, _ := strings.Cut(rest, "/")
	return text, true
}
