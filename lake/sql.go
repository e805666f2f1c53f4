package lake

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rembus-go/rembus/lake/guard"
	"github.com/rembus-go/rembus/protocol"
)

// rejectedTable is the view of what was refused; its columns are those below.
const rejectedTable = "rejected"

var rejectedColumns = []string{"time", "topic", "publisher", "reason", "payload"}

var (
	showTablesText = regexp.MustCompile(`(?i)^(?:show|describe|desc)(?:\s+(?:all\s+)?tables)?$`)
	describeText   = regexp.MustCompile(`(?i)^(?:show|describe|desc)\s+(?:table\s+)?(?:([\pL_][\pL\pN_]*)|"((?:[^"]|"")+)")$`)
	explainText    = regexp.MustCompile(`(?i)^explain\s+((?:select|with|from|values|table)\b(?s:.*))$`)
)

// sql answers sql(text, params…).
func (l *Lake) sql(ctx context.Context, args *protocol.Payload) (protocol.DataFrame, error) {
	text, params, err := sqlOf(args)
	if err != nil {
		return nil, err
	}
	if showTablesText.MatchString(text) {
		return l.own(ctx, params, l.listing())
	}
	if m := describeText.FindStringSubmatch(text); m != nil {
		name := m[1] + strings.ReplaceAll(m[2], `""`, `"`)
		own, err := l.description(name)
		if err != nil {
			return nil, err
		}
		return l.own(ctx, params, own)
	}
	prefix := ""
	if m := explainText.FindStringSubmatch(text); m != nil {
		prefix, text = "EXPLAIN\n", m[1]
	}
	return l.asking(ctx, func(ctx context.Context, conn *session, g *guard.Guard) (protocol.DataFrame, error) {
		if err := g.Query(ctx, l.visible, text, params.values); err != nil {
			return nil, err
		}
		return l.result(ctx, conn, prefix+text, params.named)
	})
}

// own runs a query of ours, which has no parameters.
func (l *Lake) own(ctx context.Context, params parameters, text string) (protocol.DataFrame, error) {
	if len(params.named) > 0 {
		return nil, exception("SHOW and DESCRIBE have no parameters")
	}
	return l.asking(ctx, func(ctx context.Context, conn *session, _ *guard.Guard) (protocol.DataFrame, error) {
		return l.result(ctx, conn, text, nil)
	})
}

// visibleOf is what a query may refer to.
func visibleOf(tables []*table) []guard.Table {
	visible := make([]guard.Table, 0, len(tables)+1)
	for _, t := range tables {
		visible = append(visible, t.guarded())
	}
	return append(visible, guard.Table{Name: rejectedTable, Columns: rejectedColumns})
}

// listing returns the query that answers SHOW TABLES.
func (l *Lake) listing() string {
	names := append(slices.Collect(maps.Keys(l.tables)), rejectedTable)
	slices.Sort(names)
	return "SELECT * FROM " + literals("name", names...)
}

// description returns the query that answers DESCRIBE, with the columns that DuckDB's has.
func (l *Lake) description(name string) (string, error) {
	for _, t := range l.tables {
		if !strings.EqualFold(t.Name, name) {
			continue
		}
		var rows []string
		for i, column := range t.names {
			null, key := "YES", ""
			if slices.Contains(t.keys, i) {
				null, key = "NO", "PRI"
			} else if i < len(t.Columns) && !t.Columns[i].Nullable {
				null = "NO"
			}
			rows = append(rows, column, duckType(t.types[i]), null, key)
		}
		return `SELECT column_name, column_type, "null", nullif(key, '') AS key FROM ` + literals(`column_name, column_type, "null", key`, rows...), nil
	}
	if strings.EqualFold(rejectedTable, name) {
		return `SELECT column_name, column_type, "null", key FROM (DESCRIBE ` + quoteIdent(rejectedTable) + ")", nil
	}
	return "", exception("no table %.60q; SHOW TABLES lists them", name)
}

// literals returns rows of texts as SQL, with columns as their names.
func literals(columns string, texts ...string) string {
	n := strings.Count(columns, ",") + 1
	var rows []string
	for row := range slices.Chunk(texts, n) {
		for i := range row {
			row[i] = quoteText(row[i])
		}
		rows = append(rows, "("+strings.Join(row, ", ")+")")
	}
	return "(VALUES " + strings.Join(rows, ", ") + ") AS t(" + columns + ")"
}
