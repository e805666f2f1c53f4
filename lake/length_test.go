package lake_test

import (
	"strings"
	"testing"

	"github.com/rembus-go/rembus/lake"
)

// Fault 46: a join repeats a long text for thousands of rows, and DuckDB makes values of
// all of them without a limit. Columns of short ones are not concerned.
func TestSQLRefusesToRepeatLongTexts(t *testing.T) {
	b := start(t, &memLog{}, func(o *lake.Options) {
		o.Schema = parse(t, `{"tables": [{"table": "doc", "columns": [{"col": "id", "type": "INTEGER"}, {"col": "text", "type": "TEXT"}]}, {"table": "n", "columns": [{"col": "v", "type": "INTEGER"}]}]}`)
	})
	passed := "SELECT text FROM doc, n" // as long as the texts are short
	if got := b.rows("sql", passed); got != "[]" {
		t.Errorf("%s: %s", passed, got)
	}
	long := strings.Repeat("x", 1<<20)
	b.log.publish(t, "doc", row{"id": 1, "text": long})
	for v := range 3 {
		b.log.publish(t, "n", row{"v": v})
	}
	for _, q := range []string{
		passed,
		"SELECT * FROM doc, n",
		"SELECT d.* FROM doc d JOIN n ON true",
		"SELECT max(len(text || v)) FROM doc, n",
		"SELECT (SELECT text FROM doc) FROM n",
		"SELECT max(text) OVER () FROM doc",
		"SELECT doc::JSON FROM doc, n",
		"SELECT y FROM doc AS d(x, y), n",
		"SELECT unnest([text, text]) FROM doc",
		"SELECT text || id FROM doc",
		"WITH d AS (SELECT text AS t FROM doc) SELECT t FROM d, n",
		"SELECT id FROM doc, n ORDER BY lower(text)",
		"SELECT n.v FROM n, (FROM doc) AS d",
	} {
		if _, err := b.call("sql", q); err == nil || !strings.Contains(err.Error(), "values of up to 1048576 bytes") {
			t.Errorf("%s: %v", q, err)
		}
	}
	for _, args := range []row{{"where": "len(text || id) > 1"}, {"cols": "text || text"}} {
		if _, err := b.call("query_doc", args); err == nil || !strings.Contains(err.Error(), "values of up to") {
			t.Errorf("%v: %v", args, err)
		}
	}
	for q, want := range map[string]string{
		"SELECT len(text) AS n FROM doc":                           `[{"n":1048576}]`,
		"SELECT id, v FROM doc, n ORDER BY v":                      `[{"id":1,"v":0},{"id":1,"v":1},{"id":1,"v":2}]`,
		"SELECT sum(v) OVER (ORDER BY v) AS s FROM n":              `[{"s":0},{"s":1},{"s":3}]`,
		"SELECT 'a' || v || 'b' AS x FROM n ORDER BY v":            `[{"x":"a0b"},{"x":"a1b"},{"x":"a2b"}]`,
		"SELECT id FROM doc WHERE lower(text) LIKE 'xx%'":          `[{"id":1}]`,
		"SELECT count(text) AS n FROM doc GROUP BY id":             `[{"n":1}]`,
		"SELECT id FROM doc UNION ALL SELECT v FROM n WHERE v = 2": `[{"id":1},{"id":2}]`,
	} {
		if got := b.rows("sql", q); got != want {
			t.Errorf("%s: %s", q, got)
		}
	}
	b.want("query_doc", row{"where": "id = 1 AND text = lower(text)", "cols": "id"}, `[{"id":1}]`)
}
