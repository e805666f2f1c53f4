package guard

import (
	"context"
	"strings"
)

// DuckDB works on so many rows at a time, and nothing ends it while it does. What it
// makes of their texts, and a copy of each in the result, is in no memory limit.
const vectorRows = 2048

// lengths is what a walk knows of how often texts of the tables are repeated.
type lengths struct {
	memory  int64                                     // for the values of vectorRows rows
	length  func(table, column string) (int64, error) // nil when nobody looks
	read    []Table
	reads   int  // tables, each use counted
	repeats bool // a value may be in many rows
	made    int  // parts that make values
	sized   bool // what is in the tables mattered

	columns map[string]bool // named, in lower case
	bare    map[string]bool // those without a table before them
	sources map[string]bool // names of tables, which stand for whole rows too
	all     bool            // every column is meant
}

func (g *Guard) lengths(ctx context.Context) lengths {
	l := lengths{memory: g.Memory, columns: make(map[string]bool), bare: make(map[string]bool), sources: make(map[string]bool)}
	if g.Length != nil {
		l.length = func(table, column string) (int64, error) { return g.Length(ctx, table, column) }
	}
	return l
}

// reading takes note of a use of rows in FROM.
func (l *lengths) reading(n node) {
	if l.reads++; l.reads > 1 {
		l.repeats = true
	}
	for _, key := range []string{"alias", "table_name"} {
		l.sources[strings.ToLower(n.text(key))] = true
	}
	if _, renamed := n["column_name_alias"]; renamed {
		l.all = true
	}
}

// naming takes note of a column.
func (l *lengths) naming(names ...string) {
	for _, name := range names {
		l.columns[strings.ToLower(name)] = true
	}
	if len(names) == 1 {
		l.bare[strings.ToLower(names[0])] = true
	}
}

// fits refuses what may repeat texts of the tables until they fill the memory. A text
// that only goes from its table into the result is there once.
func (w *walk) fits() error {
	l := &w.lengths
	if l.length == nil || !l.repeats && w.mass == 0 {
		return nil
	}
	l.sized = true
	for name := range l.bare {
		l.all = l.all || l.sources[name]
	}
	var longest int64
	for _, t := range l.read {
		for _, column := range t.Columns {
			if !l.all && !l.columns[strings.ToLower(column)] {
				continue
			}
			n, err := l.length(t.Name, column)
			if err != nil {
				return err
			}
			longest = max(longest, n)
		}
	}
	if longest*vectorRows*int64(1+l.made+w.mass) > l.memory {
		return refuse("the columns hold values of up to %d bytes, too long for joins, windows and joined texts: "+
			"leave such a column out, and read its values with query_ and a condition", longest)
	}
	return nil
}
