package schema

import (
	"fmt"
	"slices"
	"strings"
)

// MaxColumns is the most columns that a table may have, extras not counted.
const MaxColumns = 1000

// draft is a table that is being checked, with the places of its parts.
type draft struct {
	Table
	path   string
	nameAt int
	named  bool  // the name is valid
	fill   claim // its name when the file has no topic
	remove claim
}

// table reads one table; nil when there is nothing of it.
func (c *checker) table(n *node, path string) *draft {
	// Rembus knows format and ignores it.
	f := c.fields(n, path, "table", "topic", "columns", "keys", "extras", "delete_topic", "format")
	if f == nil {
		return nil
	}
	d := &draft{path: path, nameAt: n.at}
	if name, ok := c.text(n, f, path, "table", true); ok {
		d.Name, d.nameAt = name, f["table"].value.at
		text := checkTableName(name)
		if d.named = text == ""; !d.named {
			c.add(d.nameAt, join(path, "table"), "%s", text)
		}
	}
	c.columns(d, n, f)
	c.keys(d, n, f)
	c.extras(d, n, f)
	c.topic(d, n, f)
	c.deleteTopic(d, n, f)
	return d
}

func (c *checker) columns(d *draft, n *node, f map[string]*member) {
	items, ok := c.list(n, f, d.path, "columns", true)
	path := join(d.path, "columns")
	if ok && len(items) == 0 {
		c.add(f["columns"].value.at, path, "at least one column is needed")
	}
	if len(items) > MaxColumns {
		c.add(items[MaxColumns].at, path, "%d columns, %d are allowed", len(items), MaxColumns)
		items = items[:MaxColumns]
	}
	for i, item := range items {
		c.column(d, item, fmt.Sprintf("%s[%d]", path, i))
	}
}

func (c *checker) column(d *draft, n *node, path string) {
	f := c.fields(n, path, "col", "type", "nullable", "default", "format")
	if f == nil {
		return
	}
	col := Column{Nullable: true}
	if name, ok := c.text(n, f, path, "col", true); ok {
		col.Name = name
		at, where := f["col"].value.at, join(path, "col")
		if text := checkColumnName(name); text != "" {
			c.add(at, where, "%s", text)
		} else if other, ok := d.same(name); ok {
			c.add(at, where, "%s comes twice: the column %s has the same name, case ignored", quote(name), quote(other))
		}
	}
	if name, ok := c.text(n, f, path, "type", true); ok {
		if col.Type, ok = ParseType(name); !ok {
			c.add(f["type"].value.at, join(path, "type"), "unknown column type %s%s", quote(name), c.typeHint(name))
		}
	}
	if v, ok := c.present(n, f, path, "nullable", false); ok {
		if col.Nullable, ok = v.value.(bool); !ok {
			c.add(v.at, join(path, "nullable"), "expected true or false")
		}
	}
	if v, ok := c.present(n, f, path, "default", false); ok && col.Type != "" {
		def, err := col.Type.ConvertJSON(v.any())
		if err != nil {
			c.add(v.at, join(path, "default"), "wrong default: %s%s", err, quoteHint(col.Type, v.value))
		}
		col.Default, col.HasDefault = def, err == nil
	}
	d.Columns = append(d.Columns, col)
}

// quoteHint is for a default with quotes too many or too few.
func quoteHint(t Type, v any) string {
	s, isText := v.(string)
	switch {
	case t == Text && v != nil:
		return "; write it in quotes"
	case isText && t != Text && t != Blob && t != Timestamp:
		if _, err := t.ParseText(s); err == nil {
			return "; write it without quotes"
		}
	}
	return ""
}

// same returns the column or extra that has the name, case ignored.
func (d *draft) same(name string) (string, bool) {
	name = fold(name)
	for i := range d.Columns {
		if fold(d.Columns[i].Name) == name {
			return d.Columns[i].Name, true
		}
	}
	for _, x := range d.Extras {
		if fold(x.Name) == name {
			return x.Name, true
		}
	}
	return "", false
}

func (c *checker) typeHint(name string) string {
	names := make([]string, len(Types))
	for i, t := range Types {
		names[i] = string(t)
	}
	if base, _, ok := strings.Cut(name, "("); ok && typeNames[strings.ToUpper(strings.TrimSpace(base))] == Decimal {
		return fmt.Sprintf("; it is DECIMAL(digits, scale), with 1 to %d digits, scale of them behind the point", MaxDecimal)
	}
	if hint := c.hint(name, names); hint != "" {
		return hint
	}
	return "; there are " + strings.Join(names, ", ")
}

func (c *checker) keys(d *draft, n *node, f map[string]*member) {
	items, _ := c.list(n, f, d.path, "keys", false)
	names := d.names()
	for i, item := range items {
		path := fmt.Sprintf("%s[%d]", join(d.path, "keys"), i)
		key, ok := item.value.(string)
		if !ok {
			c.add(item.at, path, "expected the name of a column")
			continue
		}
		col := d.column(key)
		switch {
		case col == nil:
			c.add(item.at, path, "%s is not a column%s", quote(key), c.hint(key, names))
		case slices.Contains(d.Keys, key):
			c.add(item.at, path, "the key %s comes twice; remove one", quote(key))
		default:
			col.Nullable = false
			d.Keys = append(d.Keys, key)
		}
	}
}

func (c *checker) extras(d *draft, n *node, f map[string]*member) {
	v, ok := c.present(n, f, d.path, "extras", false)
	if !ok {
		return
	}
	path := join(d.path, "extras")
	keys := make([]string, len(extraKinds))
	for i, kind := range extraKinds {
		keys[i] = string(kind)
	}
	names := c.fields(v, path, keys...)
	for i, key := range keys {
		name, ok := c.text(v, names, path, key, false)
		if !ok {
			continue
		}
		at, where := names[key].value.at, join(path, key)
		if text := checkColumnName(name); text != "" {
			c.add(at, where, "%s", text)
		} else if other, ok := d.same(name); ok {
			c.add(at, where, "%s is taken: there is %s already, case ignored", quote(name), quote(other))
		}
		d.Extras = append(d.Extras, Extra{extraKinds[i], name})
	}
}

func (d *draft) column(name string) *Column {
	for i := range d.Columns {
		if d.Columns[i].Name == name {
			return &d.Columns[i]
		}
	}
	return nil
}

func (d *draft) names() []string {
	names := make([]string, len(d.Columns))
	for i := range d.Columns {
		names[i] = d.Columns[i].Name
	}
	return names
}
