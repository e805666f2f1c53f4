package lake

import (
	"fmt"
	"slices"
	"strings"
)

// align changes the columns of a table that has rows, and finds what must not be
// changed.
func (e *evolution) align(t *table, have, past *fileTable) error {
	for i, want := range t.layout() {
		c := have.find(want.name)
		if c == nil {
			if err := e.add(t, have, i, want); err != nil {
				return err
			}
			continue
		}
		if c.name != want.name {
			if err := e.change(fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", have.name, quoteIdent(c.name), quoteIdent(want.name))); err != nil {
				return err
			}
		}
		if err := e.retype(t, have, past, want, c.kind); err != nil {
			return err
		}
		if err := e.require(t, have, i, want, c.nullable); err != nil {
			return err
		}
	}
	for _, c := range have.columns {
		if !slices.ContainsFunc(t.layout(), func(w column) bool { return fold(w.name) == fold(c.name) }) {
			e.problems = append(e.problems, gone(t, have, past, c))
		}
	}
	return nil
}

// add adds a column. Rows that are there take the default.
func (e *evolution) add(t *table, have *fileTable, i int, want column) error {
	value, hasDefault := t.defaultOf(i)
	if strings.ContainsRune(value, 0) { // which ends a statement
		return fmt.Errorf("the rows that are there cannot get the default of column %s, which holds a NUL", quoteIdent(want.name))
	}
	if !want.nullable && !hasDefault {
		e.problems = append(e.problems, lacking(t, have, want))
		return nil
	}
	if err := e.addColumn(have, want, value, hasDefault); err != nil || want.nullable {
		return err
	}
	return e.change(fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", have.name, quoteIdent(want.name)))
}

// addColumn adds a column that may be NULL. The default is for the rows that are
// there: later ones bring their value.
func (e *evolution) addColumn(f *fileTable, want column, value string, hasDefault bool) error {
	name := quoteIdent(want.name)
	q := fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", f.name, name, want.kind)
	if !hasDefault {
		return e.change(q)
	}
	if err := e.change(q + " DEFAULT " + value); err != nil {
		return err
	}
	return e.exec(fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", f.name, name))
}

// defaultOf returns the default of column number i of the layout as SQL.
func (t *table) defaultOf(i int) (text string, ok bool) {
	if i >= len(t.Columns) || !t.Columns[i].HasDefault {
		return "", false
	}
	return literal(t.Columns[i].Default, t.layout()[i].kind), true
}

// retype widens a column.
func (e *evolution) retype(t *table, have, past *fileTable, want column, kind string) error {
	if kind == want.kind {
		return nil
	}
	name := quoteIdent(want.name)
	switch widening(kind, want.kind) {
	case always:
	case perhaps:
		n, err := e.count(fmt.Sprintf("SELECT count(*) FROM %s WHERE %[2]s IS NOT NULL AND TRY_CAST(%[2]s AS %[3]s) IS NULL", have.name, name, want.kind))
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		fallthrough
	default:
		e.problems = append(e.problems, narrowed(t, have, past, want, kind))
		return nil
	}
	return e.change(fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET DATA TYPE %s", have.name, name, want.kind))
}

// require sets or drops NOT NULL.
func (e *evolution) require(t *table, have *fileTable, i int, want column, nullable bool) error {
	name := quoteIdent(want.name)
	switch {
	case nullable == want.nullable:
		return nil
	case want.nullable:
		return e.change(fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", have.name, name))
	}
	n, err := e.count(fmt.Sprintf("SELECT count(*) FROM %s WHERE %s IS NULL", have.name, name))
	if err != nil {
		return err
	}
	if n > 0 {
		value, _ := t.defaultOf(i)
		e.problems = append(e.problems, nulls(t, have, want, n, value))
		return nil
	}
	return e.change(fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", have.name, name))
}

// alignPast changes the past versions likewise. Their own columns stay, and none of
// the others must have a value but those that get one here.
func (e *evolution) alignPast(t *table, past *fileTable) error {
	for i, want := range t.layout() {
		name := quoteIdent(want.name)
		c := past.find(want.name)
		if c == nil {
			value, hasDefault := t.defaultOf(i)
			if err := e.addColumn(past, want, value, hasDefault); err != nil {
				return err
			}
			if !want.nullable && hasDefault {
				if err := e.change(fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", past.name, name)); err != nil {
					return err
				}
			}
			continue
		}
		var changes []string
		if c.name != want.name {
			changes = append(changes, fmt.Sprintf("RENAME COLUMN %s TO %s", quoteIdent(c.name), name))
		}
		if c.kind != want.kind {
			changes = append(changes, fmt.Sprintf("ALTER COLUMN %s SET DATA TYPE %s", name, want.kind))
		}
		if !c.nullable && want.nullable {
			changes = append(changes, fmt.Sprintf("ALTER COLUMN %s DROP NOT NULL", name))
		}
		for _, change := range changes {
			if err := e.change(fmt.Sprintf("ALTER TABLE %s %s", past.name, change)); err != nil {
				return err
			}
		}
	}
	return nil
}

// unique finds rows with equal keys where the keys are others than they were.
func (e *evolution) unique(t *table, have *fileTable) error {
	before, known := e.keys[fold(t.Name)]
	if len(t.Keys) == 0 || known && slices.Equal(sorted(before), sorted(t.Keys)) {
		return nil
	}
	for _, key := range t.Keys {
		if have.find(key) == nil && slices.ContainsFunc(e.problems, func(p problem) bool { return p.table == t.Name }) {
			return nil // it was not added
		}
	}
	keys := quoteAll("", t.Keys)
	n, err := e.count(fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s GROUP BY %s HAVING count(*) > 1)", have.name, keys))
	if err == nil && n > 0 {
		e.problems = append(e.problems, repeated(t, have, n))
	}
	return err
}

// sorted returns names folded and in order.
func sorted(names []string) []string {
	folded := strings.Split(fold(strings.Join(names, "\x00")), "\x00")
	slices.Sort(folded)
	return folded
}
