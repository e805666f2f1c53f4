package guard

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// MaxText is the longest condition or column list that is looked at, in bytes.
// DuckDB needs 29 s, not to be cancelled, to parse 200,000 ANDs.
const MaxText = 16 << 10

// MaxQuery is the longest query that is looked at, in bytes.
const MaxQuery = 64 << 10

// Querier runs a query: *sql.DB or *sql.Conn. It is only given text of this
// package, with foreign text bound as a value.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Guard checks SQL text from outside. Safe for concurrent use if its Querier is.
type Guard struct {
	parser Querier
}

// New returns a guard that lets DuckDB parse through q.
func New(q Querier) *Guard { return &Guard{parser: q} }

// Table is what a checked text may refer to.
type Table struct {
	Name    string
	Columns []string
}

// Refusal is the error for text that may not run. Its text is safe to print
// and to send to whoever sent the SQL.
type Refusal struct {
	Reason string
}

func (r *Refusal) Error() string { return "refused SQL: " + r.Reason }

func refuse(format string, args ...any) error {
	return &Refusal{Reason: fmt.Sprintf(format, args...)}
}

// Where checks a condition. It may then run as
//
//	… FROM "table" WHERE (⏎ condition ⏎)
//
// with the line breaks, which end a comment in the condition. The error is a
// *Refusal, or another one when DuckDB could not be asked.
func (g *Guard) Where(ctx context.Context, t Table, condition string) error {
	if err := checkText("where", condition, MaxText); err != nil {
		return err
	}
	node, err := g.parse(ctx, "SELECT 1 FROM t WHERE __guard(\n"+condition+"\n)")
	if err != nil {
		return err
	}
	w := newWalk(t, false)
	return w.statement(node, "t", true)
}

// Select checks a list of columns or expressions, aggregates included, each an
// item of cols, together with a condition that may be empty. It may then run as
//
//	SELECT⏎ col ⏎,⏎ col ⏎ FROM "table" WHERE (⏎ condition ⏎)
//
// with the line breaks. The error is as in [Guard.Where].
func (g *Guard) Select(ctx context.Context, t Table, cols []string, condition string) error {
	if len(cols) == 0 {
		return refuse("no columns")
	}
	list := strings.Join(cols, "\n,\n")
	if err := checkText("cols", list, MaxText); err != nil {
		return err
	}
	// Each item by itself, so that no quote or comment reaches from one into
	// another; the condition too.
	for _, col := range cols {
		node, err := g.parse(ctx, "SELECT\n"+col+"\nFROM t")
		if err != nil {
			return err
		}
		if err := newWalk(t, true).statement(node, "t", false); err != nil {
			return err
		}
	}
	if condition == "" {
		return nil
	}
	if err := g.Where(ctx, t, condition); err != nil {
		return err
	}
	node, err := g.parse(ctx, "SELECT\n"+list+"\nFROM t WHERE __guard(\n"+condition+"\n)")
	if err != nil {
		return err
	}
	return newWalk(t, true).statement(node, "t", true)
}

// hasFold reports whether names holds name as SQL compares identifiers.
func hasFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// shown makes foreign text fit for a message.
func shown(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
