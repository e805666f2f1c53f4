package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// serialize lets DuckDB parse, and only parse, one text. With the defaults
// left out of the tree, an attribute that is there means something.
const serialize = `SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR),
	skip_default:=true, skip_null:=true, skip_empty:=true) AS VARCHAR)`

// node is an object of DuckDB's syntax tree.
type node map[string]any

// parse returns the one statement of text.
func (g *Guard) parse(ctx context.Context, text string) (node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// A parse of bounded text needs no interruption, which the driver does not
	// take well everywhere.
	ctx = context.WithoutCancel(ctx)
	var tree string
	if err := g.parser.QueryRowContext(ctx, text).Scan(&tree); err != nil {
		return nil, fmt.Errorf("failed to parse SQL: %w", err)
	}
	var parsed struct {
		Error        bool   `json:"error"`
		ErrorMessage string `json:"error_message"`
		Statements   []node `json:"statements"`
	}
	dec := json.NewDecoder(strings.NewReader(tree))
	dec.UseNumber()
	if err := dec.Decode(&parsed); err != nil {
		// DuckDB writes an infinite constant as a bare word.
		return nil, refuse("a constant is out of range")
	}
	if strings.HasPrefix(parsed.ErrorMessage, "Only SELECT") {
		return nil, refuse("only a SELECT is allowed; upsert_ and delete_ change a table")
	}
	if parsed.Error {
		return nil, refuse("%s", shown(parsed.ErrorMessage))
	}
	if len(parsed.Statements) != 1 {
		return nil, refuse("%d statements", len(parsed.Statements))
	}
	return parsed.Statements[0], nil
}

// only refuses n when it has an attribute that is not among keys.
func (n node) only(keys ...string) error {
	for k := range n {
		known := false
		for _, key := range keys {
			known = known || key == k
		}
		if !known {
			return refuse("%s is not allowed here", shown(strings.ReplaceAll(k, "_", " ")))
		}
	}
	return nil
}

// text returns a text attribute, "" when it is missing or something else.
func (n node) text(key string) string {
	s, _ := n[key].(string)
	return s
}

// child returns an attribute that is a node.
func (n node) child(key string) (node, error) {
	m, ok := n[key].(map[string]any)
	if !ok {
		return nil, refuse("%s expected", strings.ReplaceAll(key, "_", " "))
	}
	return m, nil
}

// list returns an attribute that is a list of nodes; none when it is missing.
func (n node) list(key string) ([]node, error) {
	v, found := n[key]
	if !found {
		return nil, nil
	}
	items, ok := v.([]any)
	if !ok {
		return nil, refuse("a list of %s expected", strings.ReplaceAll(key, "_", " "))
	}
	nodes := make([]node, len(items))
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, refuse("a list of %s expected", strings.ReplaceAll(key, "_", " "))
		}
		nodes[i] = m
	}
	return nodes, nil
}

// texts returns an attribute that is a list of texts.
func (n node) texts(key string) ([]string, error) {
	items, _ := n[key].([]any)
	out := make([]string, len(items))
	for i, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, refuse("a list of names expected")
		}
		out[i] = s
	}
	return out, nil
}
