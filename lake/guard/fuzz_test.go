package guard_test

import (
	"database/sql"
	"testing"
)

// FuzzWhere holds that the check never panics, and that what passes it leaves
// the database as it was.
func FuzzWhere(f *testing.F) {
	for _, name := range []string{"useful.txt", "attacks.txt"} {
		for _, line := range lines(f, name) {
			f.Add(line)
		}
	}
	db := open(f)
	g := guarding(f, db)
	before := objects(f, db)
	f.Fuzz(func(t *testing.T, where string) {
		if g.Where(t.Context(), telemetry, where) != nil {
			return
		}
		// A conversion or an overflow may still fail.
		_ = run(db, nil, where)
		if after := objects(t, db); after != before {
			t.Fatalf("%d objects, were %d", after, before)
		}
	})
}

// FuzzSelect holds the same for lists of columns.
func FuzzSelect(f *testing.F) {
	for _, name := range []string{"useful_cols.txt", "attacks_cols.txt"} {
		for _, line := range lines(f, name) {
			f.Add(line, "n = 1")
		}
	}
	db := open(f)
	g := guarding(f, db)
	before := objects(f, db)
	f.Fuzz(func(t *testing.T, cols, where string) {
		if g.Select(t.Context(), telemetry, []string{cols}, where) != nil {
			return
		}
		_ = run(db, []string{cols}, where)
		if after := objects(t, db); after != before {
			t.Fatalf("%d objects, were %d", after, before)
		}
	})
}

// FuzzQuery holds the same for whole queries.
func FuzzQuery(f *testing.F) {
	for _, name := range []string{"useful_sql.txt", "attacks_sql.txt"} {
		for _, line := range lines(f, name) {
			f.Add(line)
		}
	}
	db := open(f)
	g := guarding(f, db)
	before := objects(f, db)
	f.Fuzz(func(t *testing.T, text string) {
		if g.Query(t.Context(), both, text, nil) != nil {
			return
		}
		_ = runQuery(db, text)
		if after := objects(t, db); after != before {
			t.Fatalf("%d objects, were %d", after, before)
		}
	})
}

// objects counts what a statement could have made: tables, databases, settings
// changed, rows.
func objects(t testing.TB, db *sql.DB) (n int) {
	t.Helper()
	err := db.QueryRow(`SELECT (SELECT count(*) FROM duckdb_tables()) + (SELECT count(*) FROM duckdb_databases())
		+ (SELECT count(*) FROM duckdb_views()) + (SELECT count(*) FROM telemetry)`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
