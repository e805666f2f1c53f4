package guard

import (
	"context"
	"strings"
)

// What a use of a table counts, see walk.effort.
const tableEffort = 100

// Params are the values that a query's parameters are given, by name: "1", "2" and so
// on for those by position.
type Params map[string]any

// Query checks a SELECT over the tables, with parameters. It may then run as it is. The
// error is as in [Guard.Where].
func (g *Guard) Query(ctx context.Context, tables []Table, text string, params Params) error {
	if err := checkLength("the query", len(text), MaxQuery); err != nil {
		return err
	}
	shape, whole := ofQuery(tables, text, params)
	if g.passed.has(shape) || g.passed.has(whole) {
		return nil
	}
	w := &walk{tables: tables, params: params, used: make(map[string]bool), aggregates: true, most: maxEffort, lengths: g.lengths(ctx)}
	if err := g.whole(ctx, w, text); err != nil {
		return err
	}
	switch {
	case w.sized:
	case w.valued:
		g.passed.add(whole)
	default:
		g.passed.add(shape)
	}
	return nil
}

// whole checks a query by the walk w.
func (g *Guard) whole(ctx context.Context, w *walk, text string) error {
	if err := checkText("the query", text, MaxQuery); err != nil {
		return err
	}
	stmt, err := g.parse(ctx, text)
	if err != nil {
		return err
	}
	if err := stmt.only("node", "named_param_map"); err != nil {
		return err
	}
	sub, err := stmt.child("node")
	if err != nil {
		return err
	}
	if _, err := w.query(sub, &scope{}, 1); err != nil {
		return err
	}
	for name := range w.params {
		if !w.used[name] {
			return refuse("parameter %s is not used", shown("$"+name))
		}
	}
	return w.fits()
}

// scope is what names stand for within a SELECT and what is nested in it.
type scope struct {
	outer   *scope
	with    map[string]relation // tables that WITH defines, in lower case
	growth  int                 // of the columns of FROM
	width   int                 // number of these columns
	aliases map[string]int      // growth of what the list of columns names, in lower case
}

// relation is what is known of rows that a query gives.
type relation struct {
	width  int // columns
	growth int // of their values
	effort int // to make them again
}

// query checks a SELECT or a set operation.
func (w *walk) query(n node, outer *scope, depth int) (r relation, err error) {
	if depth > maxDepth {
		return r, refuse("nested deeper than %d", maxDepth)
	}
	before, inside := w.effort, w.inside
	s := &scope{outer: outer, with: make(map[string]relation), aliases: make(map[string]int), growth: 1}
	current := w.scope
	w.scope, w.inside = s, false
	defer func() { w.scope, w.inside = current, inside }()
	if err := w.spend(1); err != nil {
		return r, err
	}
	if err := w.withs(n, s, depth); err != nil {
		return r, err
	}
	switch kind := n.text("type"); kind {
	case "SELECT_NODE":
		r, err = w.selection(n, s, depth)
	case "SET_OPERATION_NODE":
		r, err = w.setOperation(n, s, depth)
	default:
		return r, refuse("%s is not allowed", shown(kind))
	}
	if err != nil {
		return r, err
	}
	if err := w.modifiers(n, depth); err != nil {
		return r, err
	}
	r.effort = w.effort - before
	return r, nil
}

// withs checks what WITH defines, each in sight of those before it.
func (w *walk) withs(n node, s *scope, depth int) error {
	if _, found := n["cte_map"]; !found {
		return nil
	}
	ctes, err := n.child("cte_map")
	if err != nil {
		return err
	}
	if err := ctes.only("map"); err != nil {
		return err
	}
	items, err := ctes.list("map")
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := item.only("key", "value"); err != nil {
			return err
		}
		name := item.text("key")
		if !plainName(name) {
			return refuse("name %s of WITH: letters, digits and _ are allowed", shown(name))
		}
		def, err := item.child("value")
		if err != nil {
			return err
		}
		if err := def.only("aliases", "query", "materialized"); err != nil {
			return err
		}
		r, err := w.nested(def, "query", s, depth)
		if err != nil {
			return err
		}
		s.with[strings.ToLower(name)] = r
	}
	return nil
}

// nested checks the query under key.
func (w *walk) nested(n node, key string, outer *scope, depth int) (r relation, err error) {
	q, err := n.child(key)
	if err != nil {
		return r, err
	}
	if err := q.only("node", "named_param_map"); err != nil {
		return r, err
	}
	sub, err := q.child("node")
	if err != nil {
		return r, err
	}
	return w.query(sub, outer, depth+1)
}

// plainName keeps names of WITH apart from those of files and of DuckDB's own tables.
func plainName(name string) bool {
	lower := strings.ToLower(name)
	for _, prefix := range []string{"duckdb_", "pg_", "sqlite_", "pragma_", "information_schema"} {
		if strings.HasPrefix(lower, prefix) {
			return false
		}
	}
	return len(name) <= maxName && span(name, isWord) == len(name)
}

func (w *walk) setOperation(n node, s *scope, depth int) (r relation, err error) {
	if err := n.only("type", "modifiers", "cte_map", "setop_type", "setop_all", "left", "right", "children"); err != nil {
		return r, err
	}
	switch kind := n.text("setop_type"); kind {
	case "UNION", "UNION_BY_NAME", "EXCEPT", "INTERSECT":
	default:
		return r, refuse("%s is not allowed", shown(kind))
	}
	subs, err := n.list("children")
	if err != nil {
		return r, err
	}
	for _, key := range []string{"left", "right"} {
		if _, found := n[key]; !found && len(subs) > 0 {
			continue
		}
		sub, err := n.child(key)
		if err != nil {
			return r, err
		}
		subs = append(subs, sub)
	}
	for _, sub := range subs {
		part, err := w.query(sub, s, depth+1)
		if err != nil {
			return r, err
		}
		r.width += part.width // UNION BY NAME has the columns of both
		r.growth = max(r.growth, part.growth)
	}
	return r, nil
}

func (w *walk) selection(n node, s *scope, depth int) (r relation, err error) {
	if err := n.only("type", "modifiers", "cte_map", "select_list", "from_table", "where_clause", "group_expressions",
		"group_sets", "aggregate_handling", "having", "qualify"); err != nil {
		return r, err
	}
	from, err := n.child("from_table")
	if err != nil {
		return r, err
	}
	if err := w.from(from, s, depth+1); err != nil {
		return r, err
	}
	items, err := n.list("select_list")
	if err != nil {
		return r, err
	}
	for _, item := range items {
		width, growth, err := w.selected(item, depth+1)
		if err != nil {
			return r, err
		}
		if alias := strings.ToLower(item.text("alias")); alias != "" {
			s.aliases[alias] = max(growth, s.aliases[alias])
		}
		r.width, r.growth = r.width+width, max(r.growth, growth)
	}
	for _, key := range []string{"where_clause", "having", "qualify"} {
		if _, found := n[key]; !found {
			continue
		}
		sub, err := n.child(key)
		if err != nil {
			return r, err
		}
		if err := w.clause(sub, depth+1); err != nil {
			return r, err
		}
	}
	groups, err := n.list("group_expressions")
	if err != nil {
		return r, err
	}
	for _, sub := range groups {
		if err := w.clause(sub, depth+1); err != nil {
			return r, err
		}
	}
	sets, _ := n["group_sets"].([]any)
	return r, w.spend(len(sets) * (1 + len(groups)))
}

// selected checks an item of the list of columns. It stands for one column, or with a
// star in it for as many as FROM has.
func (w *walk) selected(n node, depth int) (width, growth int, err error) {
	before := w.effort
	if growth, err = w.named(n, depth); err != nil || !hasStar(n) {
		return 1, growth, err
	}
	return w.scope.width, growth, w.spend((w.effort - before) * w.scope.width)
}

// clause checks an expression, which DuckDB repeats for each column of a star in it.
func (w *walk) clause(n node, depth int) error {
	_, _, err := w.selected(n, depth)
	return err
}

// hasStar reports a star in n, not in queries within it.
func hasStar(v any) bool {
	switch v := v.(type) {
	case node:
		return hasStar(map[string]any(v))
	case map[string]any:
		if v["class"] == "STAR" {
			return true
		}
		for key, sub := range v {
			if key != "subquery" && hasStar(sub) {
				return true
			}
		}
	case []any:
		for _, sub := range v {
			if hasStar(sub) {
				return true
			}
		}
	}
	return false
}

// modifiers checks ORDER BY, LIMIT and DISTINCT.
func (w *walk) modifiers(n node, depth int) error {
	list, err := n.list("modifiers")
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := m.only("type", "orders", "limit", "offset", "distinct_on_targets"); err != nil {
			return err
		}
		if err := w.orders(m, depth); err != nil {
			return err
		}
		subs, err := m.list("distinct_on_targets")
		if err != nil {
			return err
		}
		for _, key := range []string{"limit", "offset"} {
			if _, found := m[key]; !found {
				continue
			}
			sub, err := m.child(key)
			if err != nil {
				return err
			}
			subs = append(subs, sub)
		}
		for _, sub := range subs {
			if err := w.clause(sub, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// orders checks the terms of an ORDER BY.
func (w *walk) orders(n node, depth int) error {
	list, err := n.list("orders")
	if err != nil {
		return err
	}
	for _, o := range list {
		if err := o.only("type", "null_order", "expression"); err != nil {
			return err
		}
		sub, err := o.child("expression")
		if err != nil {
			return err
		}
		if err := w.clause(sub, depth+1); err != nil {
			return err
		}
	}
	return nil
}
