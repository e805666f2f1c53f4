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

// Guard checks SQL text from outside. It remembers what passed, so that a text that is
// asked again and again costs nothing. Safe for concurrent use.
type Guard struct {
	// Memory bounds, in bytes, what may become of long values that are joined or
	// repeated. Length tells how long those of a column can be; nil: nobody looks.
	// Both are to be set before the first use.
	Memory int64
	Length func(ctx context.Context, table, column string) (int64, error)

	parser *sql.Stmt // bound to text as a value, never made of it
	passed passed
}

// New returns a guard that lets DuckDB parse on connections of db.
func New(ctx context.Context, db *sql.DB) (*Guard, error) {
	parser, err := db.PrepareContext(ctx, serialize)
	if err != nil {
		return nil, fmt.Errorf("failed to prepare the parser of SQL: %w", err)
	}
	return &Guard{parser: parser}, nil
}

// Close gives back what the guard holds of its database, which must still be open.
func (g *Guard) Close() error { return g.parser.Close() }

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
	if err := checkLength("where", len(condition), MaxText); err != nil {
		return err
	}
	s := newSum("where", t)
	s.texts(condition)
	return g.passed.remembered(s.digest(), func() (lasting bool, err error) { return g.where(ctx, t, condition) })
}

func (g *Guard) where(ctx context.Context, t Table, condition string) (lasting bool, err error) {
	if err := checkText("where", condition, MaxText); err != nil {
		return false, err
	}
	return g.one(ctx, g.walk(ctx, t, false), "SELECT 1 FROM t WHERE __guard(\n"+condition+"\n)", true)
}

// one checks what is asked of one table. The verdict is lasting when it does not depend
// on what is in the table.
func (g *Guard) one(ctx context.Context, w *walk, text string, where bool) (lasting bool, err error) {
	node, err := g.parse(ctx, text)
	if err != nil {
		return false, err
	}
	err = w.statement(node, "t", where)
	return !w.sized, err
}

// Select checks a list of columns or expressions, aggregates included, each an
// item of cols, together with a condition that may be empty. It may then run as
//
//	SELECT⏎ col ⏎,⏎ col ⏎ FROM "table" WHERE (⏎ condition ⏎)
//
// with the line breaks. The error is as in [Guard.Where].
func (g *Guard) Select(ctx context.Context, t Table, cols []string, condition string) error {
	size := 0
	for _, col := range cols {
		size += len(col)
	}
	if err := checkLength("cols", size, MaxText); err != nil {
		return err
	}
	if err := checkLength("where", len(condition), MaxText); err != nil {
		return err
	}
	s := newSum("select", t)
	s.texts(cols...)
	s.texts(condition)
	return g.passed.remembered(s.digest(), func() (lasting bool, err error) { return g.selection(ctx, t, cols, condition) })
}

func (g *Guard) selection(ctx context.Context, t Table, cols []string, condition string) (lasting bool, err error) {
	if len(cols) == 0 {
		return false, refuse("no columns")
	}
	list := strings.Join(cols, "\n,\n")
	if err := checkText("cols", list, MaxText); err != nil {
		return false, err
	}
	lasting = true
	// Each item by itself, so that no quote or comment reaches from one into
	// another; the condition too.
	for _, col := range cols {
		last, err := g.one(ctx, g.walk(ctx, t, true), "SELECT\n"+col+"\nFROM t", false)
		if err != nil {
			return false, err
		}
		lasting = lasting && last
	}
	if condition == "" {
		return lasting, nil
	}
	if _, err := g.where(ctx, t, condition); err != nil {
		return false, err
	}
	last, err := g.one(ctx, g.walk(ctx, t, true), "SELECT\n"+list+"\nFROM t WHERE __guard(\n"+condition+"\n)", true)
	return lasting && last, err
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
