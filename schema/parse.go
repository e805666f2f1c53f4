package schema

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MaxFile is the largest schema file that is read, in bytes.
const MaxFile = 1 << 20

// Load reads and checks a schema file. The error is [Problems], with the base
// name of the file in each, or says why the file cannot be read.
func Load(path string) (*Schema, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read the schema: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("failed to read the schema: %w", err)
	}
	s, ps := parse(src)
	for i := range ps {
		ps[i].File = filepath.Base(path)
	}
	if len(ps) > 0 {
		return nil, ps
	}
	return s, nil
}

// Parse checks and parses the text of a schema file. The error is [Problems]:
// all that is wrong, each with line and column. A text that is no JSON has one
// problem, the place where it ceases to be JSON, and those found before it.
func Parse(src []byte) (*Schema, error) {
	s, ps := parse(src)
	if len(ps) > 0 {
		return nil, ps
	}
	return s, nil
}

func parse(src []byte) (*Schema, Problems) {
	r := &report{src: bytes.TrimPrefix(src, []byte("\ufeff"))}
	if len(src) > MaxFile {
		r.add(0, "", "the file is larger than %d bytes", MaxFile)
		return nil, r.problems()
	}
	root := read(r)
	if root == nil {
		return nil, r.problems()
	}
	s := (&checker{report: r}).schema(root)
	if len(r.found) > 0 {
		return nil, r.problems()
	}
	s.seal()
	return s, nil
}

// checker turns the document into a schema and reports what is wrong.
type checker struct {
	*report
	drafts []*draft
}

func (c *checker) schema(root *node) *Schema {
	f := c.fields(root, "", "tables")
	if f == nil {
		return nil
	}
	tables, ok := c.list(root, f, "", "tables", true)
	if ok && len(tables) == 0 {
		c.add(f["tables"].value.at, "tables", "at least one table is needed; start without a schema for none")
	}
	s := &Schema{}
	for i, n := range tables {
		if d := c.table(n, fmt.Sprintf("tables[%d]", i)); d != nil {
			c.drafts = append(c.drafts, d)
			s.Tables = append(s.Tables, &d.Table)
		}
	}
	c.distinctTables()
	c.reachable()
	return s
}

// hint is [nearest] for the first problems: it is slow, and a file with more of
// them has another fault than misspelling.
func (c *checker) hint(word string, among []string) string {
	const most = 100
	if len(c.found) > most {
		return ""
	}
	return nearest(word, among)
}

// fields returns the members of an object by key, and reports those not in
// known. nil says that n is no object, which has been reported.
func (c *checker) fields(n *node, path string, known ...string) map[string]*member {
	if n.kind != object {
		c.add(n.at, path, "expected an object with %s", strings.Join(known, ", "))
		return nil
	}
	f := make(map[string]*member, len(n.members))
	for i := range n.members {
		m := &n.members[i]
		if !slices.Contains(known, m.key) {
			c.add(m.at, path, "unknown key %s%s", quote(m.key), c.hint(m.key, known))
			continue
		}
		f[m.key] = m
	}
	return f
}

// present returns the member key of the object n; ok is false when it is
// missing or null, which is reported if it is required.
func (c *checker) present(n *node, f map[string]*member, path, key string, required bool) (*node, bool) {
	m := f[key]
	if m != nil && (m.value.kind != scalar || m.value.value != nil) {
		return m.value, true
	}
	if !required {
		return nil, false
	}
	if m != nil {
		c.add(m.value.at, join(path, key), "must not be null")
	} else {
		c.add(n.at, path, "%q is missing", key)
	}
	return nil, false
}

func (c *checker) list(n *node, f map[string]*member, path, key string, required bool) ([]*node, bool) {
	v, ok := c.present(n, f, path, key, required)
	if !ok {
		return nil, false
	}
	if v.kind != array {
		c.add(v.at, join(path, key), "expected a list in [ ]")
		return nil, false
	}
	return v.items, true
}

func (c *checker) text(n *node, f map[string]*member, path, key string, required bool) (string, bool) {
	v, ok := c.present(n, f, path, key, required)
	if !ok {
		return "", false
	}
	s, ok := v.value.(string)
	if !ok {
		c.add(v.at, join(path, key), "expected text in quotes")
	}
	return s, ok
}
