package guard

import "strings"

// maxPattern is the longest constant that a function searches for, in bytes:
// the time of a search is the length of the text times that.
const maxPattern = 1 << 10

// callName returns the name of the function that n calls.
func callName(n node) (string, error) {
	if schema := n.text("schema"); schema != "" && schema != "main" {
		return "", refuse("functions of %s are not allowed", shown(schema))
	}
	return strings.ToLower(n.text("function_name")), nil
}

// function checks a call by the name of the function.
func (w *walk) function(n node, depth int) (growth int, err error) {
	name, err := callName(n)
	if err != nil {
		return 0, err
	}
	if aggregateFunctions[name] {
		return w.aggregate(n, name, depth)
	}
	if advice, found := hoarding[name]; found {
		return 0, refuse("%s is not allowed: %s", name, advice)
	}
	if err := noOrder(n); err != nil {
		return 0, err
	}
	if err := n.only("class", "type", "query_location", "function_name", "schema", "children", "order_bys", "is_operator"); err != nil {
		return 0, err
	}
	args, err := n.list("children")
	if err != nil {
		return 0, err
	}
	switch {
	case growingFunctions[name]:
		return w.growing(args, name == "struct_pack", depth)
	case name == "unnest" && w.scope != nil && len(args) == 1 && isList(args[0]): // x = ANY([…])
		w.repeats = true
	case name == "contains" && len(args) == 2 && isList(args[0]): // x IN […]
	case searches[name] != nil:
		// After the text comes the pattern, then an escape character or flags.
		for i, arg := range args {
			if i == 0 || name == "split_part" && i == 2 {
				continue
			}
			if err := w.search(name, arg, searches[name]); err != nil {
				return 0, err
			}
		}
	case !scalarFunctions[name]:
		return 0, refuse("function %s is not allowed", shown(name))
	}
	return w.below(n, "FUNCTION", depth)
}

// growing checks the arguments of a function that joins them.
func (w *walk) growing(args []node, names bool, depth int) (growth int, err error) {
	for _, arg := range args {
		check := w.expression
		if names {
			check = w.named
		}
		g, err := check(arg, depth+1)
		if err != nil {
			return 0, err
		}
		if class := arg.text("class"); class == "CONSTANT" || class == "PARAMETER" {
			g--
		}
		growth += g
	}
	return growth, nil
}

// isList reports [a, b, …].
func isList(n node) bool {
	return n.text("class") == "FUNCTION" && n.text("function_name") == "list_value"
}

func (w *walk) search(name string, arg node, check func(string) bool) error {
	value, err := w.fixed(arg)
	if err != nil {
		return refuse("%s needs a constant pattern", shown(name))
	}
	pattern, _ := value.(string)
	if len(pattern) > maxPattern {
		return refuse("%s with a pattern of %d bytes, %d are allowed", shown(name), len(pattern), maxPattern)
	}
	if !check(pattern) {
		return refuse("%s is not allowed with the pattern %s: %s", shown(name), shown(pattern), patternAdvice(name))
	}
	return nil
}

// fixed returns the value of a constant or a parameter.
func (w *walk) fixed(n node) (any, error) {
	switch n.text("class") {
	case "CONSTANT":
		value, err := n.child("value")
		if err != nil {
			return nil, err
		}
		return value["value"], nil
	case "PARAMETER":
		w.valued = true
		return w.parameter(n)
	}
	return nil, refuse("a constant is expected")
}

// parameter returns the value that a parameter was given.
func (w *walk) parameter(n node) (any, error) {
	name := n.text("identifier")
	value, found := w.params[name]
	if w.scope == nil || !found {
		return nil, refuse("parameter %s has no value", shown("$"+name))
	}
	w.used[name] = true
	return value, nil
}

// aggregate checks a call of an aggregate function, which may have a filter,
// DISTINCT, and where the order matters that.
func (w *walk) aggregate(n node, name string, depth int) (growth int, err error) {
	if !w.aggregates || w.inside {
		return 0, refuse("aggregate %s is not allowed here", shown(name))
	}
	args, err := n.list("children")
	if err != nil {
		return 0, err
	}
	most, found := aggregateArguments[name]
	if !found {
		most = 1
	}
	if len(args) > most {
		return 0, refuse("%s with %d arguments is not allowed", name, len(args))
	}
	if name == "approx_quantile" && len(args) == 2 {
		if _, err := w.fixed(args[1]); err != nil {
			return 0, refuse("approx_quantile needs one constant")
		}
	}
	w.inside = true
	defer func() { w.inside = false }()
	if ordered[name] && w.scope != nil {
		err = w.callOrder(n, depth)
	} else {
		err = noOrder(n)
	}
	if err != nil {
		return 0, err
	}
	if _, found := n["filter"]; found {
		filter, err := n.child("filter")
		if err != nil {
			return 0, err
		}
		if _, err := w.expression(filter, depth+1); err != nil {
			return 0, err
		}
	}
	return w.below(n, "FUNCTION", depth)
}

// callOrder checks the ORDER BY within a call.
func (w *walk) callOrder(n node, depth int) error {
	if _, found := n["order_bys"]; !found {
		return nil
	}
	by, err := n.child("order_bys")
	if err != nil {
		return err
	}
	if err := by.only("type", "orders"); err != nil {
		return err
	}
	return w.orders(by, depth)
}

// plainLike reports a LIKE pattern that DuckDB matches segment by segment, in
// linear time: only % and literal text.
func plainLike(pattern string) bool {
	return !strings.ContainsAny(pattern, `_\`) || fewWildcards(pattern)
}

// fewWildcards reports a pattern of LIKE or GLOB with at most one % or * that
// something follows: DuckDB tries each place for each of them.
func fewWildcards(pattern string) bool {
	rest := strings.TrimRight(pattern, "%*")
	return strings.Count(rest, "%")+strings.Count(rest, "*") <= 1
}

// plainPath reports a path in JSON that gives one value: no wildcards.
func plainPath(path string) bool { return !strings.Contains(path, "*") }

// longEnough reports a separator that splits.
func longEnough(separator string) bool { return separator != "" }

func anyPattern(string) bool { return true }

func patternAdvice(name string) string {
	switch {
	case strings.HasPrefix(name, "json") || strings.HasPrefix(name, "->"):
		return "a path must name one value"
	case name == "split_part":
		return "it is empty"
	}
	return "this many wildcards may take forever; use regexp_matches, or LIKE with only %"
}
