package guard

// subquery checks (SELECT …), EXISTS (SELECT …) and x IN (SELECT …).
func (w *walk) subquery(n node, depth int) (growth int, err error) {
	switch kind := n.text("subquery_type"); kind {
	case "SCALAR", "EXISTS", "NOT_EXISTS", "ANY":
	default:
		return 0, refuse("a subquery of type %s is not allowed", shown(kind))
	}
	if _, found := n["child"]; found {
		child, err := n.child("child")
		if err != nil {
			return 0, err
		}
		if _, err := w.expression(child, depth+1); err != nil {
			return 0, err
		}
	}
	r, err := w.nested(n, "subquery", w.scope, depth)
	return r.growth, err
}

// columns checks *, t.* and COLUMNS(…).
func (w *walk) columns(n node, depth int) (growth int, err error) {
	for _, key := range []string{"qualified_exclude_list", "rename_list"} {
		if _, err := n.list(key); err != nil {
			return 0, err
		}
	}
	if _, err := n.texts("exclude_list"); err != nil {
		return 0, err
	}
	replaced, err := n.list("replace_list")
	if err != nil {
		return 0, err
	}
	w.all = true
	growth = w.scope.growth
	for _, item := range replaced {
		if err := item.only("key", "value"); err != nil {
			return 0, err
		}
		value, err := item.child("value")
		if err != nil {
			return 0, err
		}
		g, err := w.expression(value, depth+1)
		if err != nil {
			return 0, err
		}
		growth = max(growth, g)
	}
	if _, found := n["expr"]; !found {
		return growth, nil
	}
	// COLUMNS('regular expression') or COLUMNS(['a', 'b']).
	names, err := n.child("expr")
	if err != nil {
		return 0, err
	}
	if isList(names) {
		_, err = w.expression(names, depth+1)
		return growth, err
	}
	return growth, w.search("COLUMNS", names, anyPattern)
}

// window checks a call with OVER (…).
func (w *walk) window(n node, depth int) (growth int, err error) {
	w.repeats = true
	name, err := callName(n)
	if err != nil {
		return 0, err
	}
	if !windowFunctions[name] && !windowAggregates[name] {
		return 0, refuse("%s is not allowed with OVER", shown(name))
	}
	if w.inside {
		return 0, refuse("a window is not allowed in an aggregate")
	}
	subs, err := n.list("partitions")
	if err != nil {
		return 0, err
	}
	for _, key := range []string{"start_expr", "end_expr", "offset_expr", "default_expr", "filter_expr"} {
		if _, found := n[key]; !found {
			continue
		}
		sub, err := n.child(key)
		if err != nil {
			return 0, err
		}
		subs = append(subs, sub)
	}
	for _, sub := range subs {
		g, err := w.expression(sub, depth+1)
		if err != nil {
			return 0, err
		}
		growth = max(growth, g)
	}
	if err := w.orders(n, depth); err != nil {
		return 0, err
	}
	args, err := n.list("children")
	if err != nil {
		return 0, err
	}
	if most, found := aggregateArguments[name]; windowAggregates[name] && len(args) > 1 && (!found || len(args) > most) {
		return 0, refuse("%s with %d arguments is not allowed", name, len(args))
	}
	for _, arg := range args {
		g, err := w.expression(arg, depth+1)
		if err != nil {
			return 0, err
		}
		growth = max(growth, g)
	}
	return growth, nil
}
