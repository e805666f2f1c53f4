package lake

import "strings"

// Names of our own in the DuckDB file. Tables of ours are in schemas of ours, so
// that no name of a user's table is taken; the views that people ask are in main.
const (
	rowsSchema = "_rembus_rows" // what the tables hold now
	pastSchema = "_rembus_past" // what they held before
	bookSchema = "_rembus"      // what the lake notes for itself

	keysTable     = `"` + bookSchema + `"."keys"`
	positionTable = `"` + bookSchema + `"."position"`
)

// Columns of our own behind those of the schema, which refuses their names.
const (
	seqColumn   = "_seq"   // position in the log of the message that made this version of the row
	rowColumn   = "_row"   // number of the row in that message
	fromColumn  = "_from"  // when the version became valid, never before that of an earlier message
	untilColumn = "_until" // when it was replaced or deleted
)

// quoteName returns the name of a table in a schema, quoted.
func quoteName(schema, table string) string { return quoteIdent(schema) + "." + quoteIdent(table) }

// quoteIdent returns name as an SQL identifier: the only way that a name gets
// into SQL text.
func quoteIdent(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// quoteAll quotes and joins names, each after prefix.
func quoteAll(prefix string, names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = prefix + quoteIdent(name)
	}
	return strings.Join(quoted, ", ")
}
