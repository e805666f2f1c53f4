package schema

// Schema is a checked schema. Immutable, safe for concurrent use.
type Schema struct {
	Tables []*Table // in the order of the file

	byName map[string]*Table
	byTopic
}

// Table is one table and the topics that fill it. Immutable.
type Table struct {
	Name    string
	Topic   string // the pattern, such as ":dn/telemetry"; the name when the file has none
	Columns []Column
	Keys    []string // columns of the key, empty = append only
	Extras  []Extra

	// DeleteTopic is the pattern of the topics whose messages delete rows, "" =
	// none. On a table without keys it has no effect, whatever it says.
	DeleteTopic string

	index map[string]int // column by name
	all   []int          // positions of all columns
	keys  []int          // positions of the keys in Columns
	fill  *route
}

// Column is one column of the schema, extras not included.
type Column struct {
	Name       string
	Type       Type
	Nullable   bool // false for every column of the key, whatever the file says
	HasDefault bool
	Default    any // already converted to Type
}

// Index returns the position of the column name, exactly as written in the
// file; ok is false when there is none. Extras are not columns.
func (t *Table) Index(name string) (i int, ok bool) {
	i, ok = t.index[name]
	return i, ok
}

// Width is the number of values in a [Row]: the columns and the extras.
func (t *Table) Width() int { return len(t.Columns) + len(t.Extras) }

// Table returns the table of that name, exactly as written in the file, or nil.
func (s *Schema) Table(name string) *Table { return s.byName[name] }

// seal fills in what Match and Row look up. The schema must be free of problems.
func (s *Schema) seal() {
	s.byName = make(map[string]*Table, len(s.Tables))
	for _, t := range s.Tables {
		s.byName[t.Name] = t
		t.seal()
	}
	for _, t := range s.Tables {
		if t.deletes() {
			s.add(newRoute(t, parsePattern(t.DeleteTopic), true))
		}
	}
	for _, t := range s.Tables {
		s.add(t.fill)
	}
}

func (t *Table) seal() {
	t.index = make(map[string]int, len(t.Columns))
	for i := range t.Columns {
		t.index[t.Columns[i].Name] = i
		t.all = append(t.all, i)
	}
	for _, key := range t.Keys {
		t.keys = append(t.keys, t.index[key])
	}
	t.fill = newRoute(t, parsePattern(t.Topic), false)
}

// deletes reports whether the table has a deletion topic with an effect.
func (t *Table) deletes() bool { return t.DeleteTopic != "" && len(t.Keys) > 0 }
