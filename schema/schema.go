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
	RecvTS  string   // extra column for the receive time (UBIGINT, ns); "" = none
	Slot    string   // extra column for the slot (UINTEGER); "" = none

	// DeleteTopic is the topic that Rembus' files name for deleting rows. It has
	// no effect, in Rembus neither.
	DeleteTopic string

	index   map[string]int // column by name
	pattern pattern
	varSeg  []int // by column: the segment of the topic that fills it, -1 for none
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
func (t *Table) Width() int {
	n := len(t.Columns)
	if t.RecvTS != "" {
		n++
	}
	if t.Slot != "" {
		n++
	}
	return n
}

// Table returns the table of that name, exactly as written in the file, or nil.
func (s *Schema) Table(name string) *Table { return s.byName[name] }

// seal fills in what Match and Row look up. The schema must be free of problems.
func (s *Schema) seal() {
	s.byName = make(map[string]*Table, len(s.Tables))
	for i, t := range s.Tables {
		s.byName[t.Name] = t
		s.add(i, t)
		t.index = make(map[string]int, len(t.Columns))
		t.varSeg = make([]int, len(t.Columns))
		for c := range t.Columns {
			t.index[t.Columns[c].Name] = c
			t.varSeg[c] = t.pattern.variable(t.Columns[c].Name)
		}
	}
}
