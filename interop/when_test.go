package interop

import (
	"testing"
	"time"

	"github.com/rembus-go/rembus/component"
)

// Python asks for tables as they were, for the versions of a row and for pages.
func TestWhen(t *testing.T) {
	inEachStyle(t, func(t *testing.T, s style) {
		run := unique("run")
		py, overJSON := newPython(t, s, ""), newGo(t, "", component.WithJSON())
		wants := func(kinds []string, options map[string]any) {
			t.Helper()
			rows := []any{}
			for _, kind := range kinds {
				rows = append(rows, map[string]any{"kind": kind})
			}
			options["where"], options["cols"] = "run = '"+run+"'", "kind"
			py.answers(frameOf(s, rows), "query_sensor", options)
		}
		if _, err := py.rpc("upsert_sensor", map[string]any{"run": run, "dn": "d", "kind": "a"}); err != nil {
			t.Fatal(err)
		}
		if _, err := py.rpc("upsert_sensor", []any{map[string]any{"run": run, "dn": "d", "kind": "b"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := py.rpc("delete_sensor", map[string]any{"where": "run = '" + run + "'"}); err != nil {
			t.Fatal(err)
		}
		type version struct {
			Kind string
			From time.Time `json:"valid_from"`
			To   time.Time `json:"valid_to"`
		}
		versions, err := component.Call[[]version](t.Context(), overJSON, "history_sensor", map[string]any{"run": run, "dn": "d"})
		if err != nil || len(versions) != 2 || versions[0].Kind != "a" || versions[1].Kind != "b" || !versions[0].To.Equal(versions[1].From) {
			t.Fatalf("history: %v, %v", versions, err)
		}
		first, second, gone := versions[0].From, versions[1].From, versions[1].To
		seconds := func(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
		wants(nil, map[string]any{"when": first.Unix() - 1})
		wants(nil, map[string]any{"when": gone.Unix() + 3600})
		wants([]string{"a"}, map[string]any{"when": seconds(first)})
		wants([]string{"b"}, map[string]any{"when": seconds(second)})
		wants(nil, map[string]any{"when": seconds(gone)})
		const layout = "2006-01-02T15:04:05.000000"
		wants([]string{"a"}, map[string]any{"when": first.UTC().Format(layout)})
		wants([]string{"b"}, map[string]any{"when": second.UTC().Format(layout) + "Z"})
		wants([]string{"b"}, map[string]any{"when": second.In(time.FixedZone("", -5400)).Format(layout + "Z07:00")})
		_, err = py.rpc("query_sensor", map[string]any{"when": "tomorrow"})
		if code, _ := status(t, err); code != 40 {
			t.Errorf("when: tomorrow has status %d", code)
		}

		for i := range 5 {
			py.publish(run+"/d/telemetry", map[string]any{"temperature": float64(i)})
		}
		py.answers("broker", "rid") // what Python published is with the broker
		here := "site = '" + run + "'"
		awaitRows(t, overJSON, "telemetry", here, 5)
		page := func(limit, offset int, want ...float64) {
			t.Helper()
			rows := []any{}
			for _, v := range want {
				rows = append(rows, map[string]any{"temperature": v})
			}
			py.answers(frameOf(s, rows), "query_telemetry", map[string]any{"where": here, "cols": "temperature", "limit": limit, "offset": offset,
				"when": time.Now().Unix() + 1})
		}
		page(2, 0, 0, 1)
		page(2, 2, 2, 3)
		page(2, 4, 4)
	})
}

// frameOf is what the driver reports for a table with these rows.
func frameOf(s style, rows []any) any {
	if s.enc == "json" {
		return rows
	}
	return map[string]any{"rows": rows}
}
