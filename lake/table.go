package lake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

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
	staged bool          // rows go by way of the staging area
	merge  string        // applies staged rows; with keys an absent value keeps what is there
}

func newTable(s *schema.Table) *table {
	t := &table{Table: s, rows: quoteName(rowsSchema, s.Name)}
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
	if t.merge = t.insert(); len(t.keys) > 0 {
		t.merge = t.mergeSparse()
	}
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

// layout is what the physical table consists of.
func (t *table) layout() []column {
	cols := make([]column, 0, len(t.names)+1)
	for i, name := range t.names {
		nullable := i >= len(t.Columns) || t.Columns[i].Nullable
		cols = append(cols, column{name, duckType(t.types[i]), nullable})
	}
	return append(cols, column{seqColumn, "UBIGINT", false})
}

// create returns the statements that make the table and its view.
func (t *table) create() []string {
	defs := make([]string, 0, len(t.names)+1)
	for _, c := range t.layout() {
		defs = append(defs, c.String())
	}
	return []string{
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", t.rows, strings.Join(defs, ", ")),
		fmt.Sprintf("CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s", quoteIdent(t.Name), quoteAll("", t.names), t.rows),
	}
}

// Staged rows have the columns, _seq and, to tell which came last, this.
const orderColumn = "_order"

// stageTypes are the types of a staged row.
func (t *table) stageTypes() ([]duckdb.TypeInfo, []string, error) {
	infos := make([]duckdb.TypeInfo, 0, len(t.types)+2)
	for _, c := range append(slices.Clone(t.types), schema.UBigInt, schema.UBigInt) {
		info, err := stagedType(c)
		if err != nil {
			return nil, nil, err
		}
		infos = append(infos, info)
	}
	return infos, append(slices.Clone(t.names), seqColumn, orderColumn), nil
}

// insert adds the staged rows.
func (t *table) insert() string {
	all := quoteAll("", append(slices.Clone(t.names), seqColumn))
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM staged", t.rows, all, all)
}

// mergeSparse folds the staged rows of each key, a later value winning over an
// earlier one and any value over none, and merges them likewise.
func (t *table) mergeSparse() string {
	var source, update []string
	for i, name := range t.names {
		q := quoteIdent(name)
		if slices.Contains(t.keys, i) {
			source = append(source, q)
			continue
		}
		if i >= len(t.Columns) { // an extra tells of the last message, even that it has none
			source = append(source, fmt.Sprintf("arg_max_null(%[1]s, %[2]s) AS %[1]s", q, orderColumn))
			update = append(update, fmt.Sprintf("%[1]s = s.%[1]s", q))
			continue
		}
		source = append(source, fmt.Sprintf("arg_max(%[1]s, %[2]s) AS %[1]s", q, orderColumn))
		update = append(update, fmt.Sprintf("%[1]s = coalesce(s.%[1]s, t.%[1]s)", q))
	}
	source = append(source, fmt.Sprintf("max(%[1]s) AS %[1]s", seqColumn))
	update = append(update, fmt.Sprintf("%[1]s = s.%[1]s", seqColumn))
	return t.mergeFrom(fmt.Sprintf("SELECT %s FROM staged GROUP BY %s", strings.Join(source, ", "), quoteAll("", t.Keys)), update)
}

// mergeWhole lets the last staged row of each key replace the columns that
// overwrite says, NULL included.
func (t *table) mergeWhole(overwrite []bool) string {
	var update []string
	for i, name := range t.names {
		if overwrite[i] && !slices.Contains(t.keys, i) {
			update = append(update, fmt.Sprintf("%[1]s = s.%[1]s", quoteIdent(name)))
		}
	}
	update = append(update, fmt.Sprintf("%[1]s = s.%[1]s", seqColumn))
	return t.mergeFrom(fmt.Sprintf("SELECT * FROM staged QUALIFY row_number() OVER (PARTITION BY %s ORDER BY %s DESC) = 1",
		quoteAll("", t.Keys), orderColumn), update)
}

func (t *table) mergeFrom(source string, update []string) string {
	on := make([]string, len(t.Keys))
	for i, key := range t.Keys {
		on[i] = fmt.Sprintf("t.%[1]s = s.%[1]s", quoteIdent(key))
	}
	all := append(slices.Clone(t.names), seqColumn)
	return fmt.Sprintf(`MERGE INTO %s AS t USING (%s) AS s ON %s
		WHEN MATCHED THEN UPDATE SET %s WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)`,
		t.rows, source, strings.Join(on, " AND "), strings.Join(update, ", "),
		quoteAll("", all), quoteAll("s.", all))
}

// guarded is what text from outside may refer to.
func (t *table) guarded() guard.Table { return guard.Table{Name: t.Name, Columns: t.names} }
