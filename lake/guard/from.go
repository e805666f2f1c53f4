package guard

import "strings"

var (
	joinTypes = set("INNER LEFT RIGHT FULL SEMI ANTI")
	joinRefs  = set("REGULAR CROSS NATURAL ASOF POSITIONAL")
)

// from checks what a query reads and adds it to the scope s, in which what stands
// further right sees it.
func (w *walk) from(n node, s *scope, depth int) error {
	if depth > maxDepth {
		return refuse("nested deeper than %d", maxDepth)
	}
	if err := w.spend(1); err != nil {
		return err
	}
	if len(n.text("alias")) > maxName {
		return refuse("a name of %d bytes", len(n.text("alias")))
	}
	if _, err := n.texts("column_name_alias"); err != nil {
		return err
	}
	switch kind := n.text("type"); kind {
	case "EMPTY":
		return n.only("type", "query_location", "alias")
	case "BASE_TABLE":
		w.reading(n)
		return w.baseTable(n, s)
	case "SUBQUERY":
		if err := n.only("type", "query_location", "alias", "subquery", "column_name_alias"); err != nil {
			return err
		}
		w.sources[strings.ToLower(n.text("alias"))] = true
		r, err := w.nested(n, "subquery", s, depth)
		s.add(r)
		return err
	case "JOIN":
		return w.join(n, s, depth)
	case "EXPRESSION_LIST":
		w.reading(n)
		return w.rows(n, s, depth)
	case "TABLE_FUNCTION":
		return refuse("table functions are not allowed")
	default:
		return refuse("%s is not allowed", shown(kind))
	}
}

func (s *scope) add(r relation) {
	s.width += r.width
	s.growth = max(s.growth, r.growth)
}

// baseTable checks a name in FROM: a table of ours or one of WITH. DuckDB would take
// it for a file too, or for one of its own tables.
func (w *walk) baseTable(n node, s *scope) error {
	if err := n.only("type", "query_location", "alias", "table_name", "column_name_alias"); err != nil {
		return err
	}
	name := n.text("table_name")
	for at := s; at != nil; at = at.outer {
		if r, found := at.with[strings.ToLower(name)]; found {
			s.add(r)
			return w.spend(r.effort)
		}
	}
	for _, t := range w.tables {
		if strings.EqualFold(t.Name, name) {
			w.read = append(w.read, t)
			s.add(relation{width: len(t.Columns), growth: 1})
			return w.spend(tableEffort)
		}
	}
	return refuse("no table %s", shown(name))
}

func (w *walk) join(n node, s *scope, depth int) error {
	if err := n.only("type", "query_location", "alias", "left", "right", "condition", "join_type", "ref_type", "using_columns"); err != nil {
		return err
	}
	if kind := n.text("join_type"); !joinTypes[kind] {
		return refuse("a join of type %s is not allowed", shown(kind))
	}
	if kind := n.text("ref_type"); !joinRefs[kind] {
		return refuse("a join of type %s is not allowed", shown(kind))
	}
	using, err := n.texts("using_columns")
	if err != nil {
		return err
	}
	for _, name := range using {
		w.naming(name)
	}
	for _, key := range []string{"left", "right"} {
		sub, err := n.child(key)
		if err != nil {
			return err
		}
		if err := w.from(sub, s, depth+1); err != nil {
			return err
		}
	}
	if _, found := n["condition"]; !found {
		return nil
	}
	on, err := n.child("condition")
	if err != nil {
		return err
	}
	_, err = w.expression(on, depth+1)
	return err
}

// rows checks VALUES (…), (…).
func (w *walk) rows(n node, s *scope, depth int) error {
	if err := n.only("type", "query_location", "alias", "values", "column_name_alias"); err != nil {
		return err
	}
	lists, ok := n["values"].([]any)
	if !ok {
		return refuse("a list of values expected")
	}
	r := relation{}
	for _, list := range lists {
		row, err := node{"row": list}.list("row")
		if err != nil {
			return err
		}
		r.width = max(r.width, len(row))
		for _, value := range row {
			growth, err := w.expression(value, depth+1)
			if err != nil {
				return err
			}
			r.growth = max(r.growth, growth)
		}
	}
	s.add(r)
	return nil
}

// queryColumn checks a name within a query, which can be but a column of what the query
// reads, or one that it names itself.
func (w *walk) queryColumn(names []string) (growth int, err error) {
	if len(names) == 0 || len(names) > 4 {
		return 0, refuse("a name of %d parts", len(names))
	}
	if len(names) == 1 && sessionNames[strings.ToLower(names[0])] && !w.isColumn(names[0]) {
		return 0, refuse("%s is not allowed", shown(names[0]))
	}
	last := strings.ToLower(names[len(names)-1])
	growth = 1
	for s := w.scope; s != nil; s = s.outer {
		growth = max(growth, s.growth, s.aliases[last], s.aliases[strings.ToLower(names[0])])
	}
	return growth, nil
}

// isColumn reports whether any table has a column of that name.
func (w *walk) isColumn(name string) bool {
	for _, t := range w.tables {
		if hasFold(t.Columns, name) {
			return true
		}
	}
	return false
}
