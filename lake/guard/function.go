package guard

import "strings"

// maxPattern is the longest constant that a function searches for, in bytes:
// the time of a search is the length of the text times that.
const maxPattern = 1 << 10

// function checks a call by the name of the function.
func (w *walk) function(n node, depth int) error {
	name := strings.ToLower(n.text("function_name"))
	if schema := n.text("schema"); schema != "" && schema != "main" {
		return refuse("functions of %s are not allowed", shown(schema))
	}
	if err := noOrder(n); err != nil {
		return err
	}
	if aggregateFunctions[name] {
		return w.aggregate(n, name, depth)
	}
	if err := n.only("class", "type", "query_location", "function_name", "schema", "children", "order_bys", "is_operator"); err != nil {
		return err
	}
	args, err := n.list("children")
	if err != nil {
		return err
	}
	switch {
	case growingFunctions[name]:
		if w.growing++; w.growing > maxGrowing {
			return refuse("more than %d functions that join or format text", maxGrowing)
		}
	case !scalarFunctions[name] && searches[name] == nil:
		return refuse("function %s is not allowed", shown(name))
	}
	if check := searches[name]; check != nil {
		// After the text comes the pattern, then an escape character or flags.
		for _, arg := range args[min(1, len(args)):] {
			if err := search(name, arg, check); err != nil {
				return err
			}
		}
	}
	return w.below(n, "FUNCTION", depth)
}

func search(name string, arg node, check func(string) bool) error {
	value, err := arg.child("value")
	if arg.text("class") != "CONSTANT" || err != nil {
		return refuse("%s needs a constant pattern", shown(name))
	}
	pattern := value.text("value")
	if len(pattern) > maxPattern {
		return refuse("%s with a pattern of %d bytes, %d are allowed", shown(name), len(pattern), maxPattern)
	}
	if !check(pattern) {
		return refuse("%s with this many wildcards may take forever: use regexp_matches, or LIKE with only %%", shown(name))
	}
	return nil
}

// aggregate checks a call of an aggregate function, which may have a filter
// and DISTINCT.
func (w *walk) aggregate(n node, name string, depth int) error {
	if !w.aggregates || w.inside {
		return refuse("aggregate %s is not allowed here", shown(name))
	}
	if err := n.only("class", "type", "query_location", "function_name", "schema", "children", "order_bys", "filter", "distinct"); err != nil {
		return err
	}
	w.inside = true
	defer func() { w.inside = false }()
	if _, found := n["filter"]; found {
		filter, err := n.child("filter")
		if err != nil {
			return err
		}
		if err := w.expression(filter, depth+1); err != nil {
			return err
		}
	}
	return w.below(n, "FUNCTION", depth)
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

func anyPattern(string) bool { return true }
