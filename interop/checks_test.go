package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rembus-go/rembus/component"
)

// The checks of testdata/checks.py, by encoding.
var pythonChecks = map[string][]string{
	"cbor": {
		"large_table_comes_back_equal", "unacknowledged_table_is_seen_by_the_next_query", "pandas", "columns_by_name",
		"chunks_and_no_rows", "all_column_types", "some_columns", "table_among_components", "upsert_table",
		"upsert_maps", "delete", "messages_become_rows", "wrong_requests", "query_without_a_condition",
		"values_between_encodings", "huge_message_as_the_first_frame", "sql_gives_tables", "sql_describes_and_refuses",
	},
	"json": {
		"upsert_maps", "delete", "messages_become_rows", "tables_are_rows", "wrong_requests", "query_without_a_condition",
		"values_between_encodings", "sql_describes_and_refuses",
	},
}

// What only Python can judge: its tables in the lake and between components, and the types of values.
func TestChecks(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		cmd := exec.Command(python, filepath.Join("testdata", "checks.py"), shared.url, s.api, s.enc, unique("run"))
		cmd.Env = environment("REMBUS_DIR="+t.TempDir(), "PYTHONDONTWRITEBYTECODE=1",
			"REMBUS_TIMEOUT=60", "REMBUS_ACK_TIMEOUT=60", fmt.Sprint("MIB=", hugeMiB))
		var stderr tail
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("checks.py: %v\n%s", err, &stderr)
		}
		wrong := make(map[string]*string)
		lines := bufio.NewScanner(bytes.NewReader(out))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var line struct {
				Check string
				Wrong *string
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Errorf("%v: %s", err, lines.Text())
			}
			wrong[line.Check] = line.Wrong
		}
		for _, check := range pythonChecks[s.enc] {
			t.Run(check, func(t *testing.T) {
				if text, ok := wrong[check]; !ok {
					t.Error("did not run")
				} else if text != nil {
					t.Error(*text)
				}
			})
		}
	})
}

// awaitRows asks until the table has so many rows of the condition. A query waits
// for the lake by itself, but at most a second, and a busy machine may need longer. c speaks
// JSON, which has rows for tables.
func awaitRows(t *testing.T, c *component.Component, table, where string, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	for {
		counts, err := component.Call[[]map[string]int](ctx, c, "query_"+table, map[string]any{"where": where, "cols": "count(*) as n"})
		if err != nil || len(counts) != 1 {
			t.Fatalf("counting %s of %s, want %d: %v, %v", table, where, want, counts, err)
		}
		if counts[0]["n"] == want {
			return
		}
	}
}

// What Python publishes and upserts is what Go queries, and the other way round.
func TestTablesAcrossLanguages(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		run := unique("run")
		py, c, overJSON := newPython(t, s, ""), newGo(t, ""), newGo(t, "", component.WithJSON())
		publishTelemetry := map[string]any{"temperature": 18.5, "pressure": 1013.2}
		py.publish(run+"/py/telemetry", publishTelemetry)
		py.answers("broker", "rid") // what Python published is with the broker
		if err := c.Publish(t.Context(), run+"/go/telemetry", publishTelemetry); err != nil {
			t.Fatal(err)
		}
		if _, err := c.RPC(t.Context(), "upsert_sensor", map[string]any{"run": run, "dn": "d", "kind": "k", "count": 1}); err != nil {
			t.Fatal(err)
		}
		awaitRows(t, overJSON, "telemetry", "site = '"+run+"'", 2)
		options := map[string]any{"where": "site = '" + run + "'", "cols": "count(*) as n, sum(temperature) as t"}
		rows := []any{map[string]any{"n": 2, "t": 37.0}}
		sensors := map[string]any{"where": "run = '" + run + "'"}
		sensor := []any{map[string]any{"run": run, "dn": "d", "kind": "k", "count": 1}}
		if s.enc == "json" {
			py.answers(rows, "query_telemetry", options)
			py.answers(sensor, "query_sensor", sensors)
		} else {
			py.answers(map[string]any{"rows": rows}, "query_telemetry", options)
			py.answers(map[string]any{"rows": sensor}, "query_sensor", sensors)
		}
		got, err := component.Call[[]any](t.Context(), overJSON, "query_telemetry", options)
		if err != nil || !same(plain(got), rows) {
			t.Errorf("Go in JSON: %v, %v, want %v", got, err, rows)
		}
		if v, err := c.RPC(t.Context(), "query_telemetry", options); err != nil {
			t.Error(err)
		} else if df, ok := v.DataFrame(); !ok || len(df) == 0 {
			t.Errorf("Go in CBOR: no table, but %v", v)
		}
	})
}
