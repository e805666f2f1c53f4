package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/lake"
)

// rowsOf asks for the number of rows in telemetry.
func rowsOf(t *testing.T, c *component.Component) string {
	t.Helper()
	v, err := c.RPC(t.Context(), "query_telemetry", map[string]any{"cols": "count(*) AS n, count(DISTINCT temperature) AS d"})
	if err != nil {
		t.Fatal(err)
	}
	frame, ok := v.DataFrame()
	if !ok {
		t.Fatal("no DataFrame")
	}
	return string(frame)
}

// TestDamagedLake: fault 8. A broker with a damaged lake serves, sets it aside, says so, and
// has what the journal has.
func TestDamagedLake(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "broker", "lake.duckdb")
	var before string
	for round, damage := range []func([]byte) []byte{
		func(b []byte) []byte { return b },
		func(b []byte) []byte { return b[:len(b)/2] },
		func([]byte) []byte { return []byte("not a database") },
	} {
		if round > 0 {
			file, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, damage(file), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		p := start(t, "--dir", dir, "--schema", schemaFile, "--disk-low", "1")
		if round > 0 {
			if e := p.until(t, "the lake is damaged and set aside"); e["level"] != "ERROR" || !strings.HasPrefix(e["as"].(string), path+".damaged-") {
				t.Errorf("%v", e)
			}
		}
		c, err := component.Dial(t.Context(), p.until(t, "rembusd is ready")["url"].(string)+"/meter")
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			for i := range 100 {
				if err := c.Topic("s/telemetry", component.WithQoS(component.QoS1)).Publish(t.Context(), map[string]any{"temperature": i}); err != nil {
					t.Fatal(err)
				}
			}
			before = rowsOf(t, c)
		} else if after := rowsOf(t, c); after != before {
			t.Errorf("rows were lost or came twice: %q, before %q", after, before)
		}
		v, err := c.RPC(t.Context(), "health")
		var r healthReport
		if err == nil {
			err = v.Decode(&r)
		}
		if code := map[bool]string{true: codeLakeDamaged}[round > 0]; err != nil || !r.has(map[bool]string{true: degraded, false: green}[round > 0], code) {
			t.Errorf("%+v, %v", r, err)
		}
		if round > 0 && !strings.Contains(r.Reasons[0].Text, "rebuilt from 100 messages") {
			t.Errorf("%+v", r.Reasons)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		p.until(t, "stopped")
		if code := p.wait(); code != exitOK {
			t.Errorf("exit code %d", code)
		}
	}
	if aside, err := lake.SetAside(path); err != nil || len(aside) != 2 {
		t.Errorf("%q, %v", aside, err)
	}
}

// TestProbe: what the child says of a file, and what becomes of a child that crashes.
func TestProbe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	if err := probe(t.Context(), path, false); err == nil || errors.Is(err, lake.ErrDamaged) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := probe(t.Context(), path, true); !errors.Is(err, lake.ErrDamaged) {
		t.Errorf("a text: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := probe(ended, path, false); err == nil || errors.Is(err, lake.ErrDamaged) {
		t.Errorf("no time: %v", err)
	}
	for said, want := range map[string]bool{
		"SIGSEGV: segmentation violation\nsignal arrived during cgo execution": true,
		"SIGABRT: abort":                             true,
		"fatal error: runtime: cannot allocate":      false,
		"rembusd: signal: killed, or no file at all": false,
	} {
		if got := crashed(&exec.ExitError{ProcessState: &os.ProcessState{}}, said); got != want {
			t.Errorf("%q: %v", said, got)
		}
	}
}

// TestSchemaApply: it says what a start would do, does it, and refuses what a start
// refuses.
func TestSchemaApply(t *testing.T) {
	dir := t.TempDir()
	write := func(columns string) string {
		path := filepath.Join(dir, "schema.json")
		if err := os.WriteFile(path, []byte(`{"tables":[{"table":"x","columns":[`+columns+`]}]}`), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	apply := func(want int, text string, args ...string) {
		t.Helper()
		if code, out, errs := cli(append([]string{"--dir", dir, "schema", "apply"}, args...)...); code != want || !strings.Contains(out+errs, text) {
			t.Errorf("%q: %d, want %d with %q in\n%s%s", args, code, want, text, out, errs)
		}
	}
	apply(exitUsage, "--schema names the file")
	one := write(`{"col":"a","type":"INTEGER"}`)
	for range 2 {
		apply(exitOK, `CREATE TABLE IF NOT EXISTS "_rembus_rows"."x"`, "--schema", one, "--dry-run")
	}
	apply(exitOK, "CREATE TABLE", "--schema", one)
	apply(exitOK, "-- the tables are as the schema says", "--schema", one)
	apply(exitOK, `DROP TABLE`, "--schema", write(`{"col":"a","type":"TEXT"}`)) // it has no rows
	if code, _, errs := cli("--dir", dir, "schema", "apply", "--schema", filepath.Join(dir, "none")); code != exitUsage || errs == "" {
		t.Errorf("no schema: %d %s", code, errs)
	}
	unlock, err := lockDir(filepath.Join(dir, "broker"))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	apply(exitFailed, "another broker uses", "--schema", one)
}
