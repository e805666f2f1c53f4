package lake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/schema"
)

// table is a table of the schema with the SQL that works on it. Immutable.
type table struct {
	*schema.Table
	names  []string      // the columns, then the extras
	types  []schema.Type // of names
	keys   []int         // positions in names
	rows   string        // the table in the file, quoted
	past   string        // and that of its former rows
	staged bool          // rows go by way of the staging area
}

func newTable(s *schema.Table) *table {
	t := &table{Table: s, rows: quoteName(rowsSchema, s.Name), past: quoteName(pastSchema, s.Name)}
	for _, c := range s.Columns {
		t.names = append(t.names, c.Name)
		t.types = append(t.types, c.Type)
	}
	for _, x := range s.Extras {
		t.names = append(t.names, x.Name)
		t.types = append(t.types, x.Kind.Type())
	}
	for _, key := range s.Keys {
		t.keys = append(t.keys, slices.Index(t.names, key))
	}
	// The driver would write JSON anew that goes right into its table.
	t.staged = len(t.keys) > 0 || slices.Contains(t.types, schema.JSON)
	return t
}

// column is how a column of a table looks in the file.
type column struct {
	name, kind string
	nullable   bool
}

func (c column) String() string {
	text := fmt.Sprintf("%s %s", quoteIdent(c.name), c.kind)
	if !c.nullable {
		text += " NOT NULL"
	}
	return text
}

// hidden are the columns of a row in the file that the schema does not have, behind
// its own.
var hidden = []column{{seqColumn, "UBIGINT", false}, {rowColumn, "UINTEGER", false}, {fromColumn, "TIMESTAMP", false}}

// layout is what the physical table consists of.
func (t *table) layout() []column {
	cols := make([]column, 0, len(t.names)+len(hidden)+1)
	for i, name := range t.names {
		nullable := i >= len(t.Columns) || t.Columns[i].Nullable
		cols = append(cols, column{name, duckType(t.types[i]), nullable})
	}
	return append(cols, hidden...)
}

// formerLayout is what the table of its former rows consists of.
func (t *table) formerLayout() []column {
	return append(t.layout(), column{untilColumn, "TIMESTAMP", false})
}

// physical are the names of the columns of layout.
func (t *table) physical() []string {
	return append(slices.Clone(t.names), seqColumn, rowColumn, fromColumn)
}

// create returns the statements that make the table, that of its former rows, and
// its view.
func (t *table) create() []string {
	return []string{
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", t.rows, definitions(t.layout())),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", t.past, definitions(t.formerLayout())),
		fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s", quoteIdent(t.Name), quoteAll("", t.names), t.rows),
	}
}

func definitions(cols []column) string {
	defs := make([]string, len(cols))
	for i, c := range cols {
		defs[i] = c.String()
	}
	return strings.Join(defs, ", ")
}

// guarded is what text from outside may refer to.
func (t *table) guarded() guard.Table { return guard.Table{Name: t.Name, Columns: t.names} }
