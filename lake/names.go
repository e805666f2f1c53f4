package lake

import "strings"

// Names of our own in the DuckDB file.
const (
	ownPrefix     = "_rembus_"
	positionTable = ownPrefix + "position"
	seqColumn     = "_seq"
)

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
