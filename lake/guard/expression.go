package guard

import "strings"

// expression checks n and all below it.
func (w *walk) expression(n node, depth int) error {
	if depth > maxDepth {
		return refuse("nested deeper than %d", maxDepth)
	}
	if w.nodes++; w.nodes > maxNodes {
		return refuse("more than %d parts", maxNodes)
	}
	class, kind := n.text("class"), n.text("type")
	if types, found := kinds[class]; !found || !types[kind] {
		return refuse("%s is not allowed", shown(kind))
	}
	if err := n.only(append(attributes[class], "class", "type", "query_location")...); err != nil {
		return err
	}
	switch class {
	case "COLUMN_REF":
		return w.column(n)
	case "CONSTANT":
		return constant(n)
	case "FUNCTION":
		return w.function(n, depth)
	case "CAST":
		if err := castType(n, "cast_type"); err != nil {
			return err
		}
	case "COLLATE":
		for part := range strings.SplitSeq(n.text("collation"), ".") {
			if !collations[strings.ToLower(part)] {
				return refuse("collation %s is not allowed", shown(n.text("collation")))
			}
		}
	}
	return w.below(n, class, depth)
}

// below checks the nodes under n.
func (w *walk) below(n node, class string, depth int) error {
	for _, key := range single[class] {
		sub, err := n.child(key)
		if err != nil {
			return err
		}
		if err := w.expression(sub, depth+1); err != nil {
			return err
		}
	}
	subs, err := n.list("children")
	if err != nil {
		return err
	}
	for _, sub := range subs {
		if err := w.expression(sub, depth+1); err != nil {
			return err
		}
	}
	checks, err := n.list("case_checks")
	if err != nil {
		return err
	}
	for _, check := range checks {
		if err := check.only("when_expr", "then_expr"); err != nil {
			return err
		}
		for _, key := range []string{"when_expr", "then_expr"} {
			sub, err := check.child(key)
			if err != nil {
				return err
			}
			if err := w.expression(sub, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) column(n node) error {
	names, err := n.texts("column_names")
	if err != nil {
		return err
	}
	if len(names) == 1 && (hasFold(w.table.Columns, names[0]) || clocks[strings.ToLower(names[0])]) {
		return nil
	}
	if len(names) == 2 && strings.EqualFold(names[0], w.table.Name) && hasFold(w.table.Columns, names[1]) {
		return nil
	}
	return refuse("no column %s", shown(strings.Join(names, ".")))
}

func constant(n node) error {
	value, err := n.child("value")
	if err != nil {
		return err
	}
	if err := value.only("type", "is_null", "value"); err != nil {
		return err
	}
	return castType(value, "type")
}

// castType checks the type under key: a plain one, or a DECIMAL.
func castType(n node, key string) error {
	t, err := n.child(key)
	if err != nil {
		return err
	}
	id := t.text("id")
	if err := t.only("id", "type_info"); err != nil {
		return err
	}
	if _, found := t["type_info"]; !found && types[id] {
		return nil
	}
	if id == "DECIMAL" {
		info, err := t.child("type_info")
		if err != nil {
			return err
		}
		return info.only("type", "width", "scale")
	}
	return refuse("type %s is not allowed", shown(id))
}
