package guard

import "strings"

// expression checks n and all below it. Growth is how many times as long as a value of
// the tables its value may be.
func (w *walk) expression(n node, depth int) (growth int, err error) {
	if depth > maxDepth {
		return 0, refuse("nested deeper than %d", maxDepth)
	}
	if err := w.spend(1); err != nil {
		return 0, err
	}
	class, kind := n.text("class"), n.text("type")
	if types, found := kinds[class]; !found || !types[kind] || w.scope == nil && (queryOnly[class] || kind == "GROUPING_FUNCTION") {
		return 0, refuse("%s is not allowed", shown(kind))
	}
	if err := n.only(append(attributes[class], "class", "type", "query_location")...); err != nil {
		return 0, err
	}
	if growth, err = w.value(n, class, depth); err != nil {
		return 0, err
	}
	growth = max(growth, 1)
	switch class {
	case "CONSTANT", "PARAMETER", "COLUMN_REF":
		return growth, nil
	case "COMPARISON", "CONJUNCTION", "BETWEEN":
		return 1, nil
	case "OPERATOR":
		if kind != "OPERATOR_COALESCE" && kind != "OPERATOR_NULLIF" {
			return 1, nil
		}
	}
	if class != "STAR" && class != "SUBQUERY" {
		w.made++
	}
	// DuckDB holds the values of each part for 2,048 rows.
	if w.mass += growth - 1; growth > maxGrowth || w.mass > maxMass {
		return 0, refuse("values may become too long: fewer texts joined, shorter constants")
	}
	return growth, nil
}

// length is the growth that a constant stands for.
func length(value any) int {
	switch v := value.(type) {
	case string:
		return 1 + len(v)/lengthUnit
	case []byte:
		return 1 + len(v)/lengthUnit
	}
	return 1
}

// value checks n by its class.
func (w *walk) value(n node, class string, depth int) (growth int, err error) {
	switch class {
	case "COLUMN_REF":
		return w.column(n)
	case "CONSTANT":
		return constant(n)
	case "FUNCTION":
		return w.function(n, depth)
	case "PARAMETER":
		value, err := w.parameter(n)
		return length(value), err
	case "SUBQUERY":
		return w.subquery(n, depth)
	case "STAR":
		return w.columns(n, depth)
	case "WINDOW":
		return w.window(n, depth)
	case "LAMBDA":
		if err := w.arrow(n); err != nil {
			return 0, err
		}
	case "CAST":
		growth, err := w.below(n, class, depth)
		if err != nil {
			return 0, err
		}
		lengthens, err := castType(n, "cast_type")
		if lengthens {
			growth *= 2 // quotes and backslashes get another backslash
		}
		return growth, err
	case "COLLATE":
		for part := range strings.SplitSeq(n.text("collation"), ".") {
			if !collations[strings.ToLower(part)] {
				return 0, refuse("collation %s is not allowed", shown(n.text("collation")))
			}
		}
	}
	return w.below(n, class, depth)
}

// below checks the nodes under n, and returns the largest of their growths.
func (w *walk) below(n node, class string, depth int) (growth int, err error) {
	check := func(sub node, err error) error {
		if err != nil {
			return err
		}
		g, err := w.expression(sub, depth+1)
		growth = max(growth, g)
		return err
	}
	for _, key := range single[class] {
		if err := check(n.child(key)); err != nil {
			return 0, err
		}
	}
	subs, err := n.list("children")
	if err != nil {
		return 0, err
	}
	for _, sub := range subs {
		if err := check(sub, nil); err != nil {
			return 0, err
		}
	}
	checks, err := n.list("case_checks")
	if err != nil {
		return 0, err
	}
	for _, c := range checks {
		if err := c.only("when_expr", "then_expr"); err != nil {
			return 0, err
		}
		for _, key := range []string{"when_expr", "then_expr"} {
			if err := check(c.child(key)); err != nil {
				return 0, err
			}
		}
	}
	return growth, nil
}

// arrow checks json -> 'path', which parses as a lambda. No function is allowed that
// would take it as one.
func (w *walk) arrow(n node) error {
	path, err := n.child("expr")
	if err != nil {
		return err
	}
	if path.text("class") != "CONSTANT" && path.text("class") != "PARAMETER" {
		return refuse("-> needs a constant path, and brackets around: (x -> 'path')")
	}
	return w.search("->", path, plainPath)
}

func constant(n node) (growth int, err error) {
	value, err := n.child("value")
	if err != nil {
		return 0, err
	}
	if err := value.only("type", "is_null", "value"); err != nil {
		return 0, err
	}
	_, err = castType(value, "type")
	return length(value["value"]), err
}

// castType checks the type under key: a plain one, a DECIMAL or JSON. It reports
// whether that is text.
func castType(n node, key string) (text bool, err error) {
	t, err := n.child(key)
	if err != nil {
		return false, err
	}
	id := t.text("id")
	if err := t.only("id", "type_info"); err != nil {
		return false, err
	}
	if _, found := t["type_info"]; !found && types[id] {
		return id == "VARCHAR" && key == "cast_type", nil
	}
	info, err := t.child("type_info")
	if err != nil {
		return false, refuse("type %s is not allowed", shown(id))
	}
	switch {
	case id == "DECIMAL":
		return false, info.only("type", "width", "scale")
	case id == "UNBOUND" && strings.EqualFold(info.text("name"), "JSON"):
		return true, info.only("type", "name")
	case id == "UNBOUND":
		id = info.text("name")
	}
	return false, refuse("type %s is not allowed", shown(id))
}
