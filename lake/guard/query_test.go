package guard_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake/guard"
)

// runQuery executes what was checked, as the doc comment of the guard says.
func runQuery(db *sql.DB, text string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

func TestUsefulQueriesPassAndRun(t *testing.T) {
	db := open(t)
	g := guarding(t, db)
	for _, text := range lines(t, "useful_sql.txt") {
		if err := g.Query(t.Context(), both, text, nil); err != nil {
			t.Errorf("%s\n\t%v", text, err)
		} else if err := runQuery(db, text); err != nil {
			t.Errorf("%s\n\tpassed, then %v", text, err)
		}
	}
}

// What is useful as a condition or a list of columns is so in a query too.
func TestUsefulConditionsPassInQueries(t *testing.T) {
	g := guarding(t, open(t))
	for _, where := range lines(t, "useful.txt") {
		if err := g.Query(t.Context(), both, "SELECT * FROM telemetry WHERE (\n"+where+"\n)", nil); err != nil {
			t.Errorf("%s\n\t%v", where, err)
		}
	}
	for _, cols := range lines(t, "useful_cols.txt") {
		if err := g.Query(t.Context(), both, "SELECT\n"+cols+"\nFROM telemetry", nil); err != nil {
			t.Errorf("%s\n\t%v", cols, err)
		}
	}
}

// Faults 44, 45, 46 and 48.
func TestAttacksInQueriesAreRefused(t *testing.T) {
	g := guarding(t, open(t))
	attacks := lines(t, "attacks_sql.txt")
	if len(attacks) < 150 {
		t.Errorf("only %d attacks", len(attacks))
	}
	for _, text := range attacks {
		wantRefusal(t, text, g.Query(t.Context(), both, text, nil))
	}
}

// Fault 46: what DuckDB would make endless trees or plans of, or gigabytes.
func TestBombsInQueries(t *testing.T) {
	g := guarding(t, open(t))
	doubling := func(first, next, last string) string {
		text := "WITH t0 AS (" + first + ")"
		for i := range 40 {
			a, b := "t"+string(rune('0'+i/10))+string(rune('0'+i%10)), "t"+string(rune('0'+(i+1)/10))+string(rune('0'+(i+1)%10))
			if i == 0 {
				a = "t0"
			}
			text += ", " + b + " AS (" + strings.ReplaceAll(next, "T", a) + ")"
		}
		return text + " " + strings.ReplaceAll(last, "T", "t40")
	}
	nest := func(n int, before, inner, after string) string {
		return strings.Repeat(before, n) + inner + strings.Repeat(after, n)
	}
	for name, text := range map[string]string{
		"doubled by WITH":    doubling("SELECT n FROM telemetry", "SELECT a.n FROM T a, T b", "SELECT count(*) FROM T"),
		"doubled columns":    doubling("SELECT n FROM telemetry", "SELECT *, * FROM T", "SELECT * FROM T"),
		"doubled by UNION":   doubling("SELECT n FROM telemetry", "FROM T UNION ALL FROM T", "SELECT * FROM T"),
		"NOT MATERIALIZED":   strings.ReplaceAll(doubling("SELECT n FROM telemetry", "FROM T a, T b", "FROM T"), " AS (", " AS NOT MATERIALIZED ("),
		"stars in stars":     nest(30, "SELECT *, * FROM (", "SELECT * FROM telemetry", ")"),
		"columns of columns": "SELECT " + strings.Repeat("COLUMNS(*) + ", 400) + "1 FROM telemetry a, telemetry b, telemetry c, telemetry d, telemetry e, telemetry f",
		"300 tables":         "SELECT 1 FROM telemetry t0" + strings.Repeat(", telemetry", 300),
		"CASE of CASE":       "SELECT " + nest(30, "CASE ", "n", " WHEN 1 THEN 1 WHEN 2 THEN 2 END") + " FROM telemetry",
		"long CASE":          "SELECT CASE " + strings.Repeat("n + ", 900) + "n" + strings.Repeat(" WHEN 1 THEN 1", 900) + " END FROM telemetry",
		"CUBE of 12":         "SELECT 1 FROM telemetry GROUP BY CUBE (" + strings.Repeat("n,", 11) + "n)",
		"CUBE /**/":          "SELECT 1 FROM telemetry GROUP BY CUBE /* , */ (" + strings.Repeat("n,", 11) + "n)",
		"ROLLUP of 2000":     "SELECT 1 FROM telemetry GROUP BY ROLLUP (" + strings.Repeat("n,", 1999) + "n)",
		"named windows":      "SELECT " + strings.Repeat("sum(n) OVER w,", 1000) + "1 FROM telemetry WINDOW w AS (PARTITION BY " + strings.Repeat("n,", 4000) + "n)",
		"4 k UNIONs":         "SELECT 1" + strings.Repeat(" UNION SELECT 1", 4_000),
		"nested SELECTs":     nest(70, "(SELECT ", "1", ")"),
		"nested FROMs":       nest(70, "SELECT * FROM (", "SELECT 1", ")"),
		"nested IN":          "SELECT 1 WHERE " + nest(60, "1 IN (SELECT 1 WHERE ", "true", ")"),
		"200 k ANDs":         "SELECT 1 WHERE true" + strings.Repeat(" AND true", 200_000),
		"7 k ANDs":           "SELECT 1 WHERE n" + strings.Repeat(" AND n", 7_000),
		"30 k values":        "SELECT 1 IN (1" + strings.Repeat(",1", 30_000) + ")",
		"long constants":     "SELECT lower(if(n > 0, '" + strings.Repeat("x", 60_000) + "', dn)) FROM telemetry",
		"many long texts":    "SELECT " + strings.Repeat("lower(if(n > 0, $x, dn)),", 500) + "1 FROM telemetry",
		"NUL":                "SELECT 1\x00",
		"bad UTF-8":          "SELECT '\xff'",
		"too long":           "SELECT 1 -- " + strings.Repeat("x", guard.MaxQuery),
		"empty":              " ",
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, text, g.Query(t.Context(), both, text, guard.Params{"x": strings.Repeat("x", 10_000)}))
		})
	}
}

func TestParameters(t *testing.T) {
	g := guarding(t, open(t))
	for text, params := range map[string]guard.Params{
		"SELECT * FROM telemetry WHERE n > $1 AND dn = $2":         {"1": int64(1), "2": "x"},
		"SELECT * FROM telemetry WHERE n > ? AND dn = ?":           {"1": int64(1), "2": "x"},
		"SELECT * FROM telemetry WHERE n > $low":                   {"low": 1.5},
		"SELECT $1 + $1":                                           {"1": int64(1)},
		"SELECT * FROM telemetry LIMIT $1 OFFSET $2":               {"1": int64(1), "2": int64(2)},
		"SELECT * FROM telemetry WHERE dn LIKE $1":                 {"1": "bel%"},
		"SELECT * FROM sensor WHERE doc->>$1 = $2":                 {"1": "$.a", "2": "x"},
		"SELECT * FROM telemetry WHERE dn = $1":                    {"1": strings.Repeat("x", 60_000)},
		"SELECT * FROM telemetry WHERE dn IN ($1, $2)":             {"1": "a", "2": nil},
		"SELECT '$1', $$ $2 $$, \"$3\" FROM (SELECT $1 AS \"$3\")": {"1": int64(1)},
	} {
		if err := g.Query(t.Context(), both, text, params); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, params := range map[string]guard.Params{
		"SELECT $1":        nil,
		"SELECT $2":        {"1": int64(1)},
		"SELECT $1 + $a":   {"1": int64(1), "a": int64(1)},
		"SELECT 1":         {"1": int64(1)},
		"SELECT $a ":       {"a": int64(1), "b": int64(1)},
		"SELECT * FROM $1": {"1": "telemetry"},
		"SELECT * FROM telemetry WHERE dn LIKE $1":     {"1": "%a_%a%b%c"},
		"SELECT * FROM telemetry WHERE dn LIKE $1 ":    {"1": strings.Repeat("x", 2_000)},
		"SELECT doc->>$1 FROM sensor":                  {"1": "$.*"},
		"SELECT regexp_matches(dn, $1) FROM telemetry": {"1": strings.Repeat("(a|b)", 1_000)},
	} {
		wantRefusal(t, text, g.Query(t.Context(), both, text, params))
	}
}

// A column of a table may be named as what is else refused.
func TestColumnsNamedAsOtherThings(t *testing.T) {
	g := guarding(t, open(t))
	odd := guard.Table{Name: "odd", Columns: []string{"user", "cube", "case"}}
	for _, text := range []string{`SELECT "user", "cube", "case" FROM odd`, "SELECT user, cube FROM odd"} {
		if err := g.Query(t.Context(), []guard.Table{odd}, text, nil); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
