package lake

import (
	"fmt"
	"slices"
	"strings"
)

// Rows of a table with keys are gathered in an area that only the writer's
// connection sees, the staged rows. A flush folds them: it makes the versions that
// each key had one after the other, the first being the row that is in the table.
// The last of each key gets into the table; those before it are history, each until
// the one that follows. So the history is the same whatever batches the messages
// come in.

// Columns of the areas.
const (
	deletedColumn = "_rembus_deleted" // the row says that its key is deleted
	eraColumn     = "_rembus_era"     // counts the deletions of a key
	baseColumn    = "_rembus_base"    // row id of a version that is in the table
	nextColumn    = "_rembus_next"    // _seq of the version that follows
)

// area returns the quoted name of an area of the table.
func (t *table) area(kind string) string {
	return quoteName("temp", "main") + "." + quoteIdent(t.Name+" "+kind)
}

// stagedName is the name of the area of staged rows, for the appender.
func (t *table) stagedName() string { return t.Name + " staged" }

// areas returns the statements that make the areas.
func (t *table) areas() []string {
	cols := make([]column, 0, len(t.names)+len(hidden)+1)
	for i, name := range t.names {
		cols = append(cols, column{name, areaType(t.types[i]), true})
	}
	for _, c := range hidden {
		cols = append(cols, column{c.name, c.kind, true})
	}
	cols = append(cols, column{deletedColumn, "BOOLEAN", true})
	create := func(kind string, cols []column) string {
		return fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s (%s)", t.area(kind), definitions(cols))
	}
	staged := create("staged", cols)
	if len(t.keys) == 0 {
		return []string{staged}
	}
	return []string{staged, create("versions", append(cols,
		column{baseColumn, "BIGINT", true}, column{nextColumn, "UBIGINT", true}, column{untilColumn, "TIMESTAMP", true}))}
}

// feed returns the statement that brings all rows of a view where a sink's go.
func (t *table) feed(view string) string {
	columns := make([]string, len(t.names))
	for i := range columns {
		columns[i] = feedColumn(i)
	}
	into, names, deletion := t.rows, quoteAll("", t.physical()), ""
	if t.staged {
		into, names, deletion = t.area("staged"), names+", "+deletedColumn, ", false"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s, ?, %s, ?%s FROM %s", into, names, strings.Join(columns, ", "), rowColumn, deletion, view)
}

// flush returns the statements that bring the staged rows into the table. Of a
// table with keys the columns that overwrite says are replaced even by NULL, the
// others by values only.
func (t *table) flush(overwrite []bool) []string {
	all := quoteAll("", t.physical())
	if len(t.keys) == 0 {
		return []string{
			fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", t.rows, all, all, t.area("staged")),
			"TRUNCATE " + t.area("staged"),
		}
	}
	versions := t.area("versions")
	return []string{
		t.fold(overwrite),
		// What a message did to a key more than once is one version.
		fmt.Sprintf("INSERT INTO %s (%s, %s) SELECT %s, %s FROM %s WHERE NOT %s AND %s <> %s",
			t.past, all, untilColumn, all, untilColumn, versions, deletedColumn, nextColumn, seqColumn),
		fmt.Sprintf("DELETE FROM %s WHERE rowid IN (SELECT %s FROM %s WHERE %s IS NOT NULL)", t.rows, baseColumn, versions, baseColumn),
		fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE NOT %s AND %s IS NULL ORDER BY %s, %s",
			t.rows, all, all, versions, deletedColumn, nextColumn, seqColumn, rowColumn),
		"TRUNCATE " + versions,
		"TRUNCATE " + t.area("staged"),
	}
}

// fold makes the versions.
func (t *table) fold(overwrite []bool) string {
	values := make([]string, len(t.names))
	for i, name := range t.names {
		values[i] = quoteIdent(name)
		// An extra tells of the last message, even that it has none.
		if i < len(t.Columns) && !slices.Contains(t.keys, i) && (overwrite == nil || !overwrite[i]) {
			values[i] = fmt.Sprintf("last_value(%[1]s IGNORE NULLS) OVER era AS %[1]s", values[i])
		}
	}
	return strings.NewReplacer(
		"$versions", t.area("versions"), "$staged", t.area("staged"), "$rows", t.rows,
		"$all", quoteAll("", t.physical()), "$keys", quoteAll("", t.Keys), "$values", strings.Join(values, ", "),
		"$deleted", deletedColumn, "$era", eraColumn, "$base", baseColumn, "$next", nextColumn,
		"$seq", seqColumn, "$row", rowColumn, "$from", fromColumn, "$until", untilColumn,
	).Replace(`INSERT INTO $versions ($all, $deleted, $base, $next, $until)
		WITH changed AS (
			SELECT $all, false AS $deleted, rowid AS $base FROM $rows SEMI JOIN $staged USING ($keys)
			UNION ALL SELECT $all, $deleted, NULL FROM $staged
		), eras AS (
			SELECT *, sum($deleted::INTEGER) OVER key AS $era, lead($seq) OVER key AS $next, lead($from) OVER key AS $until
			FROM changed WINDOW key AS (PARTITION BY $keys ORDER BY $seq, $row ROWS UNBOUNDED PRECEDING)
		)
		SELECT $values, $seq, $row, $from, $deleted, $base, $next, $until
		FROM eras WINDOW era AS (PARTITION BY $keys, $era ORDER BY $seq, $row ROWS UNBOUNDED PRECEDING)`)
}
