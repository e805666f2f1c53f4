package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// store is an open DuckDB file. The reader's goroutine owns writer; db is for
// everybody.
type store struct {
	db       *sql.DB
	writer   *writer
	position uint64 // as found in the file
}

// layoutError says that tables in the file are not those of the schema: trying
// again does not help.
type layoutError struct{ error }

func (e *layoutError) Unwrap() error { return e.error }

// checkPath refuses what no file of ours can be called: DuckDB takes what follows
// a question mark for settings.
func checkPath(path string) error {
	if strings.ContainsRune(path, '?') {
		return fmt.Errorf("the path %q must not hold a question mark", path)
	}
	_, err := os.Stat(filepath.Dir(path))
	return err
}

// openStore opens the file, makes what is missing in it, and locks its
// configuration.
func openStore(ctx context.Context, o Options, tables map[string]*table) (_ *store, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // see patient
	connector, err := duckdb.NewConnector(o.Path, nil)
	if err != nil {
		return nil, err
	}
	s := &store{db: sql.OpenDB(connector)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	s.db.SetMaxIdleConns(o.Queries + 1)
	if err = s.configure(ctx, o); err != nil {
		return nil, err
	}
	if err = s.prepare(ctx, o, tables); err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	s.writer = &writer{conn: conn, tables: make(map[*table]*sink)}
	return s, nil
}

// configure sets the second wall around SQL from outside (the guard is the first)
// and bounds what the process spends.
func (s *store) configure(ctx context.Context, o Options) error {
	statements := []string{
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET GLOBAL TimeZone = 'UTC'",
		"SET memory_limit = " + quoteText(o.MemoryLimit),
		"SET max_temp_directory_size = '4GB'",
		"SET enable_external_access = false",
	}
	if o.Threads > 0 {
		statements = append(statements, fmt.Sprintf("SET threads = %d", o.Threads))
	}
	for _, q := range append(statements, "SET lock_configuration = true") {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// quoteText returns s as an SQL text literal, for settings of our own: they
// take no bound values.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// prepare makes the tables in one transaction and reads the position.
func (s *store) prepare(ctx context.Context, o Options, tables map[string]*table) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after the commit
	for _, q := range []string{
		"CREATE SCHEMA IF NOT EXISTS " + quoteIdent(bookSchema),
		"CREATE SCHEMA IF NOT EXISTS " + quoteIdent(rowsSchema),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (seq UBIGINT NOT NULL)", positionTable),
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	for _, st := range o.Schema.Tables {
		t := tables[st.Name]
		for _, q := range t.create() {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				if have, cerr := columnsOf(ctx, tx, t); cerr == nil {
					if derr := t.compare(have); derr != nil {
						return &layoutError{derr}
					}
				}
				return fmt.Errorf("table %q: %w", t.Name, err)
			}
		}
		have, err := columnsOf(ctx, tx, t)
		if err != nil {
			return err
		}
		if err := t.compare(have); err != nil {
			return &layoutError{err}
		}
	}
	err = tx.QueryRowContext(ctx, "SELECT seq FROM "+positionTable).Scan(&s.position)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s VALUES (0)", positionTable))
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

func columnsOf(ctx context.Context, tx *sql.Tx, t *table) (cols []column, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT column_name, data_type, is_nullable FROM duckdb_columns()
		WHERE table_name = ? AND schema_name = ? AND database_name = current_database() ORDER BY column_index`, t.Name, rowsSchema)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.kind, &c.nullable); err != nil {
			return nil, err
		}
		cols = append(cols, c)
	}
	return cols, rows.Err()
}

// close writes position and everything else into the file and closes it.
func (s *store) close(position uint64) error {
	var err error
	if position > s.position {
		err = s.writer.transaction(position, nil)
	}
	if err == nil {
		_, err = s.db.ExecContext(context.Background(), "CHECKPOINT")
	}
	return errors.Join(err, s.release())
}

// release closes the file without writing more.
func (s *store) release() error {
	var err error
	if s.writer != nil {
		err = s.writer.close()
	}
	return errors.Join(err, s.db.Close())
}
