package guard

import (
	"context"
	"strings"
)

const (
	maxDepth  = 64     // of the tree
	maxNodes  = 2_000  // of the tree of a condition or a list of columns
	maxEffort = 20_000 // of a query, see walk.effort
	maxGrowth = 16     // how many values of a table, or KiB of constants, a computed one may be as long as
	maxMass   = 512    // what all parts have in growth beyond one
	maxName   = 255    // bytes

	lengthUnit = 1 << 10 // bytes of a constant that count as one value of a table
)

// walk is one pass over a tree.
type walk struct {
	table  Table // of a condition or list of columns
	tables []Table
	params Params
	used   map[string]bool
	valued bool   // what a parameter's value is made a difference, not only its length
	scope  *scope // of a query; nil when there is but the table

	aggregates bool // allowed: in a list of columns
	inside     bool // an aggregate, which must not hold another one

	// effort counts the nodes of the tree, and what DuckDB makes of it: the columns
	// of a star, tables, and each use of a WITH once more.
	effort, most int
	mass         int
	lengths
}

// walk returns a walk over what is asked of one table.
func (g *Guard) walk(ctx context.Context, t Table, aggregates bool) *walk {
	w := &walk{table: t, aggregates: aggregates, most: maxNodes, lengths: g.lengths(ctx)}
	w.read = []Table{t}
	return w
}

func (w *walk) spend(n int) error {
	if w.effort += n; w.effort > w.most {
		return refuse("more than %d parts", w.most)
	}
	return nil
}

// statement checks SELECT … FROM from [WHERE __guard(…)].
func (w *walk) statement(stmt node, from string, where bool) error {
	if err := stmt.only("node"); err != nil {
		return err
	}
	sel, err := stmt.child("node")
	if err != nil {
		return err
	}
	if sel.text("type") != "SELECT_NODE" {
		return refuse("only a plain selection is allowed")
	}
	if err := sel.only("type", "select_list", "from_table", "where_clause", "aggregate_handling"); err != nil {
		return err
	}
	if sel.text("aggregate_handling") != "STANDARD_HANDLING" {
		return refuse("GROUP BY is not allowed")
	}
	if err := fromTable(sel, from); err != nil {
		return err
	}
	items, err := sel.list("select_list")
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := w.item(item); err != nil {
			return err
		}
	}
	if _, found := sel["where_clause"]; found != where {
		return refuse("a condition of its own is not allowed")
	}
	if where {
		if err := w.where(sel); err != nil {
			return err
		}
	}
	return w.fits()
}

// fromTable demands that the statement reads from the one table that the
// text was put before, under no other name.
func fromTable(sel node, want string) error {
	from, err := sel.child("from_table")
	if err != nil {
		return err
	}
	if err := from.only("type", "query_location", "table_name"); err != nil {
		return err
	}
	if from.text("type") != "BASE_TABLE" || from.text("table_name") != want {
		return refuse("another table is not allowed")
	}
	return nil
}

// where demands __guard(condition). Were the brackets of the condition not
// balanced, or a clause to follow it, the tree would be another one.
func (w *walk) where(sel node) error {
	call, err := sel.child("where_clause")
	if err != nil {
		return err
	}
	if err := call.only("class", "type", "query_location", "function_name", "children", "order_bys"); err != nil {
		return err
	}
	args, err := call.list("children")
	if err != nil {
		return err
	}
	if call.text("class") != "FUNCTION" || call.text("function_name") != "__guard" || len(args) != 1 {
		return refuse("one condition is expected")
	}
	if err := noOrder(call); err != nil {
		return err
	}
	aggregates, effort := w.aggregates, w.effort
	w.aggregates, w.effort = false, 0
	_, err = w.expression(args[0], 1)
	w.aggregates, w.effort = aggregates, effort
	return err
}

// item checks one item of the list of columns, where a name may be given and
// a star may stand.
func (w *walk) item(n node) error {
	if n.text("class") == "STAR" {
		return w.plainStar(n)
	}
	_, err := w.named(n, 1)
	return err
}

// named checks an expression that may have a name, and returns its growth.
func (w *walk) named(n node, depth int) (int, error) {
	bare := make(node, len(n))
	for k, v := range n {
		if k != "alias" {
			bare[k] = v
		}
	}
	if alias := n.text("alias"); len(alias) > maxName {
		return 0, refuse("a name of %d bytes", len(alias))
	}
	return w.expression(bare, depth)
}

// plainStar checks the star of a list of columns.
func (w *walk) plainStar(n node) error {
	if err := n.only("class", "type", "query_location", "relation_name", "exclude_list"); err != nil {
		return err
	}
	w.all = true
	if _, named := n["relation_name"]; named {
		return refuse("a star of a table is not allowed")
	}
	_, err := n.texts("exclude_list")
	return err
}

// noOrder demands that a function call has the order that every call has: none.
func noOrder(call node) error {
	v, found := call["order_bys"]
	if !found {
		return nil
	}
	order, ok := v.(map[string]any)
	if !ok || len(order) != 1 || order["type"] != "ORDER_MODIFIER" {
		return refuse("ORDER BY is not allowed")
	}
	return nil
}

func (w *walk) column(n node) (growth int, err error) {
	names, err := n.texts("column_names")
	if err != nil {
		return 0, err
	}
	w.naming(names...)
	if w.scope != nil {
		return w.queryColumn(names)
	}
	if len(names) == 1 && (hasFold(w.table.Columns, names[0]) || clocks[strings.ToLower(names[0])]) {
		return 1, nil
	}
	if len(names) == 2 && strings.EqualFold(names[0], w.table.Name) && hasFold(w.table.Columns, names[1]) {
		return 1, nil
	}
	return 0, refuse("no column %s", shown(strings.Join(names, ".")))
}
