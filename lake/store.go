package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/lake/guard"
)

// store is an open DuckDB file. The reader's goroutine owns writer; db is for
// everybody.
type store struct {
	db       *sql.DB
	writer   *writer
	guard    *guard.Guard
	sessions chan *session // those that no query has
	writes   writes
	position uint64    // as found in the file
	changed  []string  // the statements that made the tables those of the schema
	left     []string  // tables that the schema does not have
	clock    time.Time // of the newest message in it
}

// layoutError says that the tables in the file cannot become those of the schema:
// trying again does not help.
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

func inMemory(path string) bool { return path == "" || path == ":memory:" }

// openStore opens the file and makes or changes what the schema asks for. A new
// file gets its name when it is whole, so that a crash leaves none that is not.
func openStore(ctx context.Context, o Options, tables []*table) (*store, error) {
	if _, err := os.Stat(o.Path); inMemory(o.Path) || !errors.Is(err, os.ErrNotExist) {
		return openFile(ctx, o, o.Path, tables)
	}
	fresh := o.Path + ".new"
	for _, rest := range []string{fresh, fresh + ".wal"} {
		if err := os.Remove(rest); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	s, err := openFile(ctx, o, fresh, tables)
	if err != nil {
		return nil, err
	}
	changed := s.changed
	if err := errors.Join(s.checkpoint(), s.release()); err != nil {
		return nil, err
	}
	if err := os.Rename(fresh, o.Path); err != nil {
		return nil, err
	}
	if s, err = openFile(ctx, o, o.Path, tables); err == nil {
		s.changed = changed
	}
	return s, err
}

func openFile(ctx context.Context, o Options, path string, tables []*table) (_ *store, err error) {
	s, connector, err := connect(ctx, o, path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	ctx = context.WithoutCancel(ctx) // see patient
	if err = s.prepare(ctx, o.Path, tables, true); err != nil {
		return nil, err
	}
	if s.guard, err = guard.New(ctx, s.db); err != nil {
		return nil, err
	}
	s.boundGuard(o, tables)
	s.sessions = make(chan *session, o.Queries)
	for range o.Queries {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		s.sessions <- &session{conn: conn, writes: &s.writes}
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if s.writer, err = newWriter(conn, tables, s.clock); err != nil {
		return nil, err
	}
	return s, nil
}

// connect opens the file and locks DuckDB's configuration.
func connect(ctx context.Context, o Options, path string) (s *store, connector *duckdb.Connector, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	background(func() { // DuckDB's threads start in here
		if connector, err = duckdb.NewConnector(path, nil); err != nil {
			return
		}
		s = &store{db: sql.OpenDB(connector)}
		s.db.SetMaxIdleConns(o.Queries + 1)
		if err = s.configure(context.WithoutCancel(ctx), o); err != nil {
			err = errors.Join(err, s.release())
		}
	})
	return s, connector, err
}

// configure sets the second wall around SQL from outside (the guard package is the first)
// and bounds what the process spends.
func (s *store) configure(ctx context.Context, o Options) error {
	statements := []string{
		"ATTACH ':memory:' AS " + feedCatalog,
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

// quoteText returns s as an SQL text literal, for settings and defaults of our own:
// they take no bound values.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// prepare makes the tables in one transaction and reads the position.
func (s *store) prepare(ctx context.Context, path string, tables []*table, commit bool) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after the commit
	for _, q := range append([]string{
		"CREATE SCHEMA IF NOT EXISTS " + quoteIdent(bookSchema),
		"CREATE SCHEMA IF NOT EXISTS " + quoteIdent(rowsSchema),
		"CREATE SCHEMA IF NOT EXISTS " + quoteIdent(pastSchema),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (seq UBIGINT NOT NULL, time TIMESTAMP NOT NULL)", positionTable),
	}, createRejected...) {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if s.changed, s.left, err = evolve(ctx, tx, path, tables); err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, "SELECT seq, time FROM "+positionTable).Scan(&s.position, &s.clock)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s VALUES (0, 'epoch')", positionTable))
	}
	if err != nil || !commit {
		return err
	}
	return tx.Commit()
}

// Evolve brings the tables in the file at o.Path to those of o.Schema, as [Open]
// does, and returns the statements that did it. With dry nothing is changed. The
// error says what would lose values, for all tables, with the SQL that does it.
// Nobody else may have the file open.
func Evolve(ctx context.Context, o Options, dry bool) (statements []string, err error) {
	o = o.withDefaults()
	if err := checkPath(o.Path); err != nil {
		return nil, err
	}
	_, err = os.Stat(o.Path)
	fresh := errors.Is(err, os.ErrNotExist)
	if !fresh {
		if err := o.Probe(ctx, o.Path, false); err != nil {
			return nil, err
		}
	}
	if !dry {
		s, err := openStore(ctx, o, tablesOf(o.Schema))
		if err != nil {
			return nil, err
		}
		return s.changed, errors.Join(s.checkpoint(), s.release())
	}
	path := o.Path
	if fresh {
		path = ":memory:"
	}
	s, _, err := connect(ctx, o, path)
	if err != nil {
		return nil, err
	}
	err = s.prepare(context.WithoutCancel(ctx), o.Path, tablesOf(o.Schema), false)
	return s.changed, errors.Join(err, s.release())
}

// close writes position and everything else into the file and closes it.
func (s *store) close(position uint64) error {
	var err error
	if position > s.position {
		err = s.writer.transaction(position, nil)
	}
	if err == nil {
		err = s.checkpoint()
	}
	return errors.Join(err, s.release())
}

func (s *store) checkpoint() error {
	_, err := s.db.ExecContext(context.Background(), "CHECKPOINT")
	return err
}

// release closes the file, which no query uses, without writing more.
func (s *store) release() error {
	var err error
	if s.writer != nil {
		err = s.writer.close()
	}
	for len(s.sessions) > 0 {
		err = errors.Join(err, (<-s.sessions).close())
	}
	if s.guard != nil {
		err = errors.Join(err, s.guard.Close())
	}
	return errors.Join(err, s.db.Close())
}
