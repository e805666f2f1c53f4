package lake

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// evolution brings the tables of a file to those of the schema, within one
// transaction. What would lose values is a problem: then nothing is to be committed.
type evolution struct {
	ctx      context.Context
	tx       *sql.Tx
	rows     map[string]*fileTable // by folded name
	past     map[string]*fileTable // past versions of rows
	keys     map[string][]string   // of the tables, by folded name
	done     []string              // statements that changed a table
	problems []problem
}

// fileTable is a table as it is in the file.
type fileTable struct {
	name    string // quoted, with its schema
	columns []column
}

// find returns the column of that name, as DuckDB compares names.
func (f *fileTable) find(name string) *column {
	for i := range f.columns {
		if fold(f.columns[i].name) == fold(name) {
			return &f.columns[i]
		}
	}
	return nil
}

// fold returns what the names have in common that DuckDB takes for the same.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// evolve makes the tables and views within tx. It returns the statements that changed
// tables, and the names of the tables in the file that the schema does not have.
// The error is a *layoutError when the schema asks for what would lose values.
func evolve(ctx context.Context, tx *sql.Tx, path string, tables []*table) (done, left []string, err error) {
	e := &evolution{ctx: ctx, tx: tx}
	if err := e.load(); err != nil {
		return nil, nil, err
	}
	known := make(map[string]bool)
	for _, t := range tables {
		known[fold(t.Name)] = true
		if err := e.table(t); err != nil {
			err = fmt.Errorf("table %q: %w", t.Name, err)
			if causeOf(err) == causeRow {
				return nil, nil, &layoutError{err}
			}
			return nil, nil, err
		}
	}
	if len(e.problems) > 0 {
		return nil, nil, &layoutError{explain(path, e.problems)}
	}
	for name := range e.rows {
		if !known[name] {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	return e.done, left, nil
}

// load reads what the file has.
func (e *evolution) load() (err error) {
	if _, err = e.tx.ExecContext(e.ctx, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s ("table" VARCHAR NOT NULL, "keys" VARCHAR NOT NULL)`, keysTable)); err != nil {
		return err
	}
	e.rows, e.past, e.keys = make(map[string]*fileTable), make(map[string]*fileTable), make(map[string][]string)
	rows, err := e.tx.QueryContext(e.ctx, `SELECT schema_name, table_name, column_name, data_type, is_nullable FROM duckdb_columns()
		WHERE schema_name IN (?, ?) AND database_name = current_database() ORDER BY schema_name, table_name, column_index`, rowsSchema, pastSchema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var schema, name string
		var c column
		if err := rows.Scan(&schema, &name, &c.name, &c.kind, &c.nullable); err != nil {
			return err
		}
		in := e.rows
		if schema == pastSchema {
			in = e.past
		}
		f := in[fold(name)]
		if f == nil {
			f = &fileTable{name: quoteName(schema, name)}
			in[fold(name)] = f
		}
		f.columns = append(f.columns, c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return e.loadKeys()
}

func (e *evolution) loadKeys() (err error) {
	rows, err := e.tx.QueryContext(e.ctx, `SELECT "table", "keys" FROM `+keysTable)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name, text string
		var keys []string
		if err := rows.Scan(&name, &text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &keys); err != nil {
			return fmt.Errorf("keys of table %q: %w", name, err)
		}
		e.keys[fold(name)] = keys
	}
	return rows.Err()
}

// table makes or changes one table and makes its view.
func (e *evolution) table(t *table) error {
	have, past := e.rows[fold(t.Name)], e.past[fold(t.Name)]
	if have != nil && !t.fits(have) {
		empty, err := e.empty(have, past)
		if err != nil {
			return err
		}
		if empty { // nothing can be lost
			for _, f := range []*fileTable{have, past} {
				if f == nil {
					continue
				}
				if err := e.change("DROP TABLE " + f.name); err != nil {
					return err
				}
			}
			have, past = nil, nil
		}
	}
	switch {
	case have == nil:
		e.done = append(e.done, t.create()[0])
	default:
		before := len(e.problems)
		if err := e.align(t, have, past); err != nil {
			return err
		}
		if past != nil && len(e.problems) == before {
			if err := e.alignPast(t, past); err != nil {
				return err
			}
		}
		if err := e.unique(t, have); err != nil {
			return err
		}
	}
	if len(e.problems) > 0 {
		return nil // the views come after the last change
	}
	if err := e.note(t); err != nil {
		return err
	}
	for _, q := range t.create() {
		if _, err := e.tx.ExecContext(e.ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether the table in the file is as the schema has it, but for the
// order of its columns.
func (t *table) fits(f *fileTable) bool {
	want := t.layout()
	if len(want) != len(f.columns) {
		return false
	}
	for _, w := range want {
		if have := f.find(w.name); have == nil || *have != w {
			return false
		}
	}
	return true
}

// empty reports whether there is no row in any of tables.
func (e *evolution) empty(tables ...*fileTable) (bool, error) {
	for _, f := range tables {
		if f == nil {
			continue
		}
		if n, err := e.count("SELECT count(*) FROM (SELECT 1 FROM " + f.name + " LIMIT 1)"); n > 0 || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (e *evolution) count(query string) (n int64, err error) {
	err = e.tx.QueryRowContext(e.ctx, query).Scan(&n)
	return n, err
}

// change runs a statement that changes a table.
func (e *evolution) change(query string) error {
	if _, err := e.tx.ExecContext(e.ctx, query); err != nil {
		return err
	}
	e.done = append(e.done, query)
	return nil
}

// note writes down the keys of a table, to know at the next start that they are
// what they were.
func (e *evolution) note(t *table) error {
	if slices.EqualFunc(e.keys[fold(t.Name)], t.Keys, func(a, b string) bool { return a == b }) && e.keys[fold(t.Name)] != nil {
		return nil
	}
	text, err := json.Marshal(append([]string{}, t.Keys...))
	if err != nil {
		return err
	}
	return cmp.Or(
		e.exec(fmt.Sprintf(`DELETE FROM %s WHERE "table" = ?`, keysTable), fold(t.Name)),
		e.exec(fmt.Sprintf(`INSERT INTO %s VALUES (?, ?)`, keysTable), fold(t.Name), string(text)))
}

func (e *evolution) exec(query string, args ...any) error {
	_, err := e.tx.ExecContext(e.ctx, query, args...)
	return err
}
