package guard_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/lake/guard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var telemetry = guard.Table{
	Name:    "telemetry",
	Columns: []string{"dn", "site", "temperature", "pressure", "n", "ok", "ts", "raw", "big"},
}

var sensor = guard.Table{Name: "sensor", Columns: []string{"dn", "kind", "unit", "installed", "doc", "price", "id"}}

var both = []guard.Table{telemetry, sensor}

// open returns a database with the empty table telemetry, where a text that
// wants a file or a setting would get it.
func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(`CREATE TABLE telemetry (dn VARCHAR, site VARCHAR, temperature DOUBLE, pressure DOUBLE,
		n INTEGER, ok BOOLEAN, ts TIMESTAMP, raw BLOB, big HUGEINT, _seq UBIGINT)`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`CREATE TABLE sensor (dn VARCHAR, kind VARCHAR, unit VARCHAR, installed DATE, doc JSON, price DECIMAL(10,2), id UUID)`)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// guarding returns a guard that parses on db.
func guarding(t testing.TB, db *sql.DB) *guard.Guard {
	t.Helper()
	g, err := guard.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// lines returns the lines of a file in testdata without comments.
func lines(t testing.TB, name string) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "# ") {
			out = append(out, strings.ReplaceAll(line, `\n`, "\n"))
		}
	}
	return out
}

// run executes what was checked, as the doc comments of the guard say.
func run(db *sql.DB, cols []string, where string) error {
	list := "*"
	if cols != nil {
		list = strings.Join(cols, "\n,\n")
	}
	q := "SELECT\n" + list + "\nFROM \"telemetry\""
	if where != "" {
		q += " WHERE (\n" + where + "\n)"
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rows, err := db.QueryContext(ctx, q+" LIMIT 10")
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

func TestUsefulConditionsPassAndRun(t *testing.T) {
	db := open(t)
	g := guarding(t, db)
	for _, where := range lines(t, "useful.txt") {
		if err := g.Where(t.Context(), telemetry, where); err != nil {
			t.Errorf("%s\n\t%v", where, err)
		} else if err := run(db, nil, where); err != nil {
			t.Errorf("%s\n\tpassed, then %v", where, err)
		}
	}
}

// Faults 44, 45, 46 and 48.
func TestAttacksInConditionsAreRefused(t *testing.T) {
	db := open(t)
	g := guarding(t, db)
	for _, where := range lines(t, "attacks.txt") {
		wantRefusal(t, where, g.Where(t.Context(), telemetry, where))
	}
}

func TestUsefulColumnsPassAndRun(t *testing.T) {
	db := open(t)
	g := guarding(t, db)
	for _, cols := range lines(t, "useful_cols.txt") {
		for _, where := range []string{"", "temperature > 18"} {
			if err := g.Select(t.Context(), telemetry, []string{cols}, where); err != nil {
				t.Errorf("%s\n\t%v", cols, err)
			} else if err := run(db, []string{cols}, where); err != nil {
				t.Errorf("%s\n\tpassed, then %v", cols, err)
			}
		}
	}
}

// Fault 47.
func TestAttacksInColumnsAreRefused(t *testing.T) {
	db := open(t)
	g := guarding(t, db)
	for _, cols := range lines(t, "attacks_cols.txt") {
		wantRefusal(t, cols, g.Select(t.Context(), telemetry, []string{cols}, ""))
		wantRefusal(t, cols, g.Select(t.Context(), telemetry, []string{"dn", cols}, "n = 1"))
	}
	wantRefusal(t, "none", g.Select(t.Context(), telemetry, nil, ""))
}

// Fault 47: a comment or a quote that begins in one text and ends in another.
func TestTextsCannotReachIntoEachOther(t *testing.T) {
	g := guarding(t, open(t))
	for _, c := range []struct{ a, b, where string }{
		{"dn FROM t WHERE __guard(true /*", "dn", "*/"},
		{"dn /*", "*/ n", ""},
		{"dn AS \"", "\"", ""},
		{"'", "'", ""},
		{"$$", "$$", "n = 1"},
		{"dn", "n /*", "*/ 1 = 1"},
	} {
		wantRefusal(t, c.a+c.b+c.where, g.Select(t.Context(), telemetry, []string{c.a, c.b}, c.where))
	}
}

// Fault 46: what would take the parser long is refused before it.
func TestBombsAreRefusedBeforeTheParser(t *testing.T) {
	g := guarding(t, open(t))
	for name, where := range map[string]string{
		"200 k ANDs":    "n = 1" + strings.Repeat(" AND n = 1", 200_000),
		"10 k brackets": strings.Repeat("(", 10_000) + "n = 1" + strings.Repeat(")", 10_000),
		"70 brackets":   strings.Repeat("(", 70) + "n = 1" + strings.Repeat(")", 70),
		"1 k NOTs":      strings.Repeat("NOT ", 1_000) + "ok",
		"8 k minuses":   strings.Repeat("- ", 8_000) + "n = 1",
		"7 k pluses":    "n" + strings.Repeat("+1", 7_000) + " = 1",
		"1 k parts":     "n IN (1" + strings.Repeat(",1", 2_001) + ")",
		"NUL":           "n = 1\x00",
		"CASE of CASE":  strings.Repeat("CASE ", 30) + "n" + strings.Repeat(" WHEN 1 THEN 1 WHEN 2 THEN 2 END", 30) + " = 1",
		"CASE 'end'":    strings.Repeat("CASE 'end' || ", 30) + "n" + strings.Repeat(" WHEN '1' THEN 1 WHEN 2 THEN 2 END", 30) + " = 1",
		"CASE /*end*/":  strings.Repeat("CASE E'\\' end' || /* end /* end */ end */ -- end\n", 30) + "n" + strings.Repeat(" WHEN 1 THEN 1 WHEN 2 THEN 2 END", 30) + " = 1",
		"CASE $$end$$":  strings.Repeat("CASE $$end$$ || $a$ $$ end $a$ || \"end\" || ", 30) + "n" + strings.Repeat(" WHEN 1 THEN 1 WHEN 2 THEN 2 END", 30) + " = 1",
		"empty":         "",
		"blank":         " \n\t",
		"bad UTF-8":     "dn = '\xff'",
	} {
		t.Run(name, func(t *testing.T) { wantRefusal(t, name, g.Where(t.Context(), telemetry, where)) })
	}
}

func TestRefusalsArePrintable(t *testing.T) {
	g := guarding(t, open(t))
	for _, where := range []string{"\"a\x1b[31m\" = 1", "evil\n\x07() = 1", "nosuch(\r\n'" + strings.Repeat("x", 5000) + "')"} {
		err := g.Where(t.Context(), telemetry, where)
		wantRefusal(t, where, err)
		if text := err.Error(); len(text) > 400 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			t.Errorf("unfit message %q", text)
		}
	}
}

// A cancelled context is not a verdict.
func TestCancelledCheckIsNoRefusal(t *testing.T) {
	g := guarding(t, open(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := g.Where(ctx, telemetry, "n = 1")
	if r := (*guard.Refusal)(nil); err == nil || errors.As(err, &r) {
		t.Errorf("got %v", err)
	}
}

func wantRefusal(t *testing.T, text string, err error) {
	t.Helper()
	if r := (*guard.Refusal)(nil); !errors.As(err, &r) {
		t.Errorf("not refused (%v): %.200s", err, text)
	}
}
