package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

var (
	// ErrDamaged says that a file is no DuckDB file, or one that was damaged. It is
	// set aside.
	ErrDamaged = errors.New("damaged")
	// ErrNewer says that a newer DuckDB wrote a file. It is left as it is: fault 14.
	ErrNewer = errors.New("the file was written by a newer version of DuckDB; use a newer rembusd, or another file")
)

// briefly is how long a probe reads tables at most when nothing is suspect.
const briefly = 100 * time.Millisecond

// Probe opens the file at path for reading, its write-ahead log included, and reads
// its tables: for a moment only, or wholly when thorough; then it also merges the
// write-ahead log. The error wraps ErrDamaged or ErrNewer, or is another one that says nothing
// about the file, such as a lock of another process. DuckDB may end the
// process over a damaged file.
func Probe(ctx context.Context, path string, thorough bool) error {
	err := inspect(ctx, path, thorough)
	if err == nil && thorough {
		err = merge(ctx, path)
	}
	switch {
	case err == nil || errors.Is(err, ErrDamaged):
		return err
	case newer(err):
		return fmt.Errorf("%w: %w", ErrNewer, err)
	case damaging(err):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func inspect(ctx context.Context, path string, thorough bool) (err error) {
	connector, err := duckdb.NewConnector(path+"?access_mode=READ_ONLY", nil)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.PingContext(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if !thorough {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, briefly)
		defer cancel()
	}
	conn, err := connector.Connect(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	names, err := tableNames(ctx, db)
	for _, name := range names {
		if err == nil && ctx.Err() == nil {
			w := writer{conn: conn}
			err = w.exec(ctx, "SELECT bit_xor(hash(t)) FROM "+name+" AS t") // reads every value
		}
	}
	if !thorough && ctx.Err() != nil {
		return nil
	}
	return err
}

func tableNames(ctx context.Context, db *sql.DB) (names []string, err error) {
	rows, err := db.QueryContext(context.WithoutCancel(ctx), "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var schema, table string
		if err := rows.Scan(&schema, &table); err != nil {
			return nil, err
		}
		names = append(names, quoteName(schema, table))
	}
	return names, rows.Err()
}

// merge makes DuckDB do what it does when the lake closes.
func merge(ctx context.Context, path string) (err error) {
	db, err := sql.Open("duckdb", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(context.WithoutCancel(ctx), "FORCE CHECKPOINT")
	return err
}

// damaging reports whether DuckDB says of a file that it opens that bytes are wrong:
// it has no code for that.
func damaging(err error) bool {
	return corrupt(err) || says(err, "Serialization Error", "INTERNAL Error")
}

// corrupt reports the same of an error that a statement met. Other errors may hold
// words of whoever sent it.
func corrupt(err error) bool {
	var d *duckdb.Error
	if errors.As(err, &d) && d.Type != duckdb.ErrorTypeIO && d.Type != duckdb.ErrorTypeFatal {
		return false
	}
	return says(err, "Corrupt", "corrupt database file", "not a valid DuckDB database file", "Could not read enough bytes")
}

// newer reports whether DuckDB says that the file is of a later version.
func newer(err error) bool {
	return says(err, "storage version greater than the latest", "Trying to read a database file with version number")
}

// broken reports whether DuckDB answers nothing more until it is opened anew.
func broken(err error) bool {
	var d *duckdb.Error
	return errors.As(err, &d) && d.Type == duckdb.ErrorTypeFatal
}

func says(err error, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(err.Error(), word) })
}
