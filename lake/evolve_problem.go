package lake

import (
	"errors"
	"fmt"
	"strings"
)

// problem is what the schema asks for and the lake does not do by itself.
type problem struct {
	table, text string
	sql         []string // what would do it
	instead     string   // with other, which would do it too: one or the other
	other       []string
}

// explain puts problems into one error that says what to do.
func explain(path string, problems []problem) error {
	var b strings.Builder
	b.WriteString("the schema does not fit what is in the tables, and nothing was changed:")
	for _, p := range problems {
		fmt.Fprintf(&b, "\ntable %q: %s", p.table, p.text)
		write(&b, p.sql)
		if p.instead != "" {
			fmt.Fprintf(&b, "\n  %s", p.instead)
			write(&b, p.other)
		}
	}
	fmt.Fprintf(&b, "\nChange the schema back, or run such lines with DuckDB's own program, while no broker runs: duckdb %s", path)
	return errors.New(b.String())
}

func write(b *strings.Builder, statements []string) {
	for _, q := range statements {
		fmt.Fprintf(b, "\n    %s;", q)
	}
}

// alter returns a statement that changes a table, and one for its past versions where
// those have the column too.
func alter(have, past *fileTable, name, change string) []string {
	statements := []string{"ALTER TABLE " + have.name + " " + change}
	if past != nil && past.find(name) != nil {
		statements = append(statements, "ALTER TABLE "+past.name+" "+change)
	}
	return statements
}

func gone(t *table, have, past *fileTable, c column) problem {
	name := quoteIdent(c.name)
	drop := alter(have, past, c.name, "DROP COLUMN "+name)
	var fresh []column
	for _, want := range t.layout() {
		if have.find(want.name) == nil {
			fresh = append(fresh, want)
		}
	}
	if len(fresh) != 1 {
		return problem{table: t.Name, text: fmt.Sprintf("the schema no longer has the column %s; this removes it with all its values:", name), sql: drop}
	}
	// Whoever runs all lines one after the other keeps the values.
	to := quoteIdent(fresh[0].name)
	return problem{
		table:   t.Name,
		text:    fmt.Sprintf("the schema no longer has the column %s; this calls it %s and keeps its values:", name, to),
		sql:     alter(have, past, c.name, fmt.Sprintf("RENAME COLUMN %s TO %s", name, to)),
		instead: "or this removes it with all its values:",
		other:   drop,
	}
}

func lacking(t *table, have *fileTable, want column) problem {
	return problem{table: t.Name, text: fmt.Sprintf("the new column %s must not be NULL and has no default for the rows that are there; give it one, or with a VALUE of yours:", quoteIdent(want.name)), sql: []string{
		fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s DEFAULT VALUE", have.name, quoteIdent(want.name), want.kind),
	}}
}

func narrowed(t *table, have, past *fileTable, want column, kind string) problem {
	name := quoteIdent(want.name)
	cast := fmt.Sprintf("TRY_CAST(%s AS %s)", name, want.kind)
	if family(kind) != family(want.kind) {
		cast = fmt.Sprintf("TRY_CAST(CAST(%s AS VARCHAR) AS %s)", name, want.kind)
	}
	return problem{table: t.Name, text: fmt.Sprintf("column %s is %s in the file and %s in the schema, which does not hold all of it; this does it, rounding, with NULL for what does not fit:", name, kind, want.kind),
		sql: alter(have, past, want.name, fmt.Sprintf("ALTER COLUMN %s SET DATA TYPE %s USING %s", name, want.kind, cast))}
}

func nulls(t *table, have *fileTable, want column, n int64, value string) problem {
	name := quoteIdent(want.name)
	p := problem{table: t.Name, text: fmt.Sprintf("column %s must not be NULL, and is so in %s; this removes them:", name, rowsText(n)), sql: []string{
		fmt.Sprintf("DELETE FROM %s WHERE %s IS NULL", have.name, name),
	}}
	if value != "" {
		p.text = fmt.Sprintf("column %s must not be NULL, and is so in %s; this gives them the default:", name, rowsText(n))
		p.sql = []string{fmt.Sprintf("UPDATE %s SET %[2]s = %[3]s WHERE %[2]s IS NULL", have.name, name, value)}
	}
	return p
}

func repeated(t *table, have *fileTable, n int64) problem {
	return problem{table: t.Name, text: fmt.Sprintf("%s of the new keys (%s) are in more than one row; this keeps the newest row of each:", countText(n, "value"), quoteAll("", t.Keys)), sql: []string{
		fmt.Sprintf("DELETE FROM %[1]s WHERE rowid IN (SELECT rowid FROM %[1]s QUALIFY row_number() OVER (PARTITION BY %[2]s ORDER BY %[3]s DESC, rowid DESC) > 1)",
			have.name, quoteAll("", t.Keys), quoteIdent(seqColumn)),
	}}
}

func rowsText(n int64) string { return countText(n, "row") }

func countText(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
