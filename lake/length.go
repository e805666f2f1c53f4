package lake

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rembus-go/rembus/schema"
)

// boundGuard tells the guard what the queries that it lets pass may do with long values: what the
// watch over them does, which can end a query between two steps only.
func (s *store) boundGuard(o Options, tables []*table) {
	limit := bytesOf(o.MemoryLimit)
	if limit <= 0 {
		return
	}
	named := map[string]*table{rejectedTable: newRejectedTable()}
	for _, t := range tables {
		named[t.Name] = t
	}
	s.guard.Memory = limit + watchSlack(limit)
	s.guard.Length = func(ctx context.Context, table, column string) (int64, error) {
		return named[table].length(ctx, s.db, column)
	}
}

// length returns how long the values of a column were at most, former ones too.
func (t *table) length(ctx context.Context, db *sql.DB, column string) (longest int64, err error) {
	at := slices.IndexFunc(t.names, func(name string) bool { return strings.EqualFold(name, column) })
	if at < 0 || !slices.Contains([]schema.Type{schema.Text, schema.Blob, schema.JSON}, t.types[at]) {
		return 0, nil
	}
	from := []string{t.rows}
	if t.rows != rejectedStore {
		from = append(from, t.past)
	}
	for _, name := range from {
		// DuckDB knows it without looking at the rows. Without a row there is no answer.
		text := ""
		query := fmt.Sprintf("SELECT coalesce((SELECT CAST(stats(%s) AS VARCHAR) FROM %s LIMIT 1), '')", quoteIdent(t.names[at]), name)
		if err := db.QueryRowContext(context.WithoutCancel(ctx), query).Scan(&text); err != nil {
			return 0, err
		}
		if m := lengthText.FindStringSubmatch(text); m != nil {
			n, err := strconv.ParseInt(m[1], 10, 64)
			if err != nil {
				return 0, err
			}
			longest = max(longest, n)
		}
	}
	return longest, nil
}

// The first of these words: a value that is shown with them has at most eight bytes.
var lengthText = regexp.MustCompile(`Max String Length: (\d+)\]`)
