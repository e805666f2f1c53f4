package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rembus-go/rembus/component"
)

const schemaFile = "../../schema.json"

// TestMain lets the test binary stand in for rembusd.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_RUN_REMBUSD") == "1" || len(os.Args) > 1 && os.Args[1] == probeName {
		main()
	}
	os.Exit(m.Run())
}

// cli runs a command line in this process.
func cli(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"tables":[{"table":"t","columns":[{"col":"a","type":"DOUBEL"}]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty.json")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string // in stdout or stderr
	}{
		"help":              {[]string{"--help"}, exitOK, "REMBUS_LOG_LEVEL"},
		"version":           {[]string{"--version"}, exitOK, "rembusd devel"},
		"unknown flag":      {[]string{"--lsten", "x"}, exitUsage, "see rembusd --help"},
		"unknown command":   {[]string{"fly"}, exitUsage, "fly"},
		"good schema":       {[]string{"schema", "check", schemaFile}, exitOK, "telemetry\t<- :dn/telemetry"},
		"bad schema":        {[]string{"schema", "check", bad}, exitUsage, `bad.json:1:54: tables[0].columns[0].type: unknown column type "DOUBEL"; did you mean DOUBLE?`},
		"empty schema":      {[]string{"schema", "check", empty}, exitUsage, "empty.json"},
		"missing schema":    {[]string{"schema", "check", filepath.Join(dir, "none.json")}, exitUsage, "none.json"},
		"serve bad schema":  {[]string{"--dir", dir, "--schema", bad}, exitUsage, "the schema is refused"},
		"half of TLS":       {[]string{"--dir", dir, "--cert", "x"}, exitUsage, "both --cert and --key"},
		"bad duration":      {[]string{"--dir", dir, "--request-timeout", "soon"}, exitUsage, "no duration such as"},
		"unknown zone":      {[]string{"--dir", dir, "--timezone", "Mars/Olympus"}, exitUsage, "no time zone such as"},
		"path as zone":      {[]string{"--dir", dir, "--timezone", "../../etc/passwd"}, exitUsage, "no time zone such as"},
		"negative duration": {[]string{"--dir", dir, "--request-timeout", "-1s"}, exitUsage, "positive"},
		"bad size":          {[]string{"--dir", dir, "--outbox", "big"}, exitUsage, "no size such as"},
		"bad policy":        {[]string{"--dir", dir, "--policy", "lazy"}, exitUsage, "round_robin"},
		"bad level":         {[]string{"--dir", dir, "--log-level", "loud"}, exitUsage, "debug, info"},
		"bad format":        {[]string{"--dir", dir, "--log-format", "xml"}, exitUsage, "text or json"},
		"bad address":       {[]string{"--dir", dir, "--listen", "nowhere:x"}, exitFailed, "cannot listen on nowhere:x"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := cli(c.args...)
			if code != c.code || !strings.Contains(stdout+stderr, c.want) {
				t.Errorf("exit code %d, want %d with %q in\n%s%s", code, c.code, c.want, stdout, stderr)
			}
		})
	}
}

// TestSettingsAndTheirSources: flag over environment over settings.json.
func TestSettingsAndTheirSources(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "b%2F1") // a name is never joined to a path as it is: fault 35
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(home, "settings.json")
	write := func(text string) {
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"window": 7, "outbox": "1MiB", "request-timeout": "3s", "no-lake": true}`)
	t.Setenv("REMBUS_TIMEOUT", "2.5")
	t.Setenv("REMBUS_OUTBOX", "2MiB")
	t.Setenv("REMBUS_PORT", "9999")
	code, out, errs := cli("config", "--dir", dir, "--name", "b/1", "--outbox", "3MiB")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	got := make(map[string]string)
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) == 3 {
			got[f[0]] = f[1] + " " + f[2]
		}
	}
	for key, want := range map[string]string{
		"window": "7 " + settings, "outbox": "3MiB flag", "request-timeout": "2.5s REMBUS_TIMEOUT",
		"no-lake": "true " + settings, "port": "9999 REMBUS_PORT", "policy": "first_up default",
	} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
	write(`{"windo": 7}`)
	if code, _, errs := cli("config", "--dir", dir, "--name", "b/1"); code != exitUsage || !strings.Contains(errs, "windo") {
		t.Errorf("unknown setting: %d %s", code, errs)
	}
	write(`{`)
	if code, _, errs := cli("config", "--dir", dir, "--name", "b/1"); code != exitUsage || !strings.Contains(errs, settings) {
		t.Errorf("broken settings: %d %s", code, errs)
	}
}

// TestEscape: fault 35.
func TestEscape(t *testing.T) {
	for name, want := range map[string]string{
		"broker": "broker", "../x": "..%2Fx", "..": "%2E%2E", ".": "%2E", "/etc/x": "%2Fetc%2Fx", "a\x00b": "a%00b",
	} {
		if got := escape(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// process is a rembusd of its own.
type process struct {
	cmd  *exec.Cmd
	logs chan map[string]any
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"--listen", "127.0.0.1:0", "--log-format", "json"}, args...)...)
	cmd.Env = append(os.Environ(), "TEST_RUN_REMBUSD=1")
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, logs: make(chan map[string]any, 1000)}
	go func() {
		defer close(p.logs)
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			var entry map[string]any
			if json.Unmarshal(lines.Bytes(), &entry) != nil {
				entry = map[string]any{"msg": lines.Text()}
			}
			p.logs <- entry
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
	})
	return p
}

// until reads the log up to the line that has msg.
func (p *process) until(t *testing.T, msg string) map[string]any {
	t.Helper()
	var seen []any
	for {
		select {
		case entry, ok := <-p.logs:
			if !ok {
				t.Fatalf("ended without %q: %v", msg, seen)
			}
			if strings.HasPrefix(entry["msg"].(string), msg) {
				return entry
			}
			seen = append(seen, entry["msg"])
		case <-time.After(2 * time.Minute):
			t.Fatalf("%q did not come: %v", msg, seen)
		}
	}
}

func (p *process) wait() int {
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func TestServeQueryShutdownAndAgain(t *testing.T) {
	dir := t.TempDir()
	ctx := t.Context()
	for round := 1; round <= 2; round++ {
		p := start(t, "--dir", dir, "--schema", schemaFile)
		url := p.until(t, "rembusd is ready")["url"].(string)
		if e := p.until(t, "table"); e["name"] != "sensor" || e["topic"] != ":site/:type/:dn/sensor" {
			t.Errorf("banner: %v", e)
		}
		c, err := component.Dial(ctx, url+"/meter")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Publish(ctx, "belluno.s1/telemetry", map[string]any{"temperature": 18.5, "pressure": 1013.2}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.RPC(ctx, "query_telemetry", map[string]any{"where": "temperature > 18"}); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := cli("--dir", dir); code != exitFailed || !strings.Contains(errs, "another broker uses") {
			t.Errorf("a second broker: %d %s", code, errs) // fault 13
		}
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		p.until(t, "shutting down")
		p.until(t, "stopped")
		if code := p.wait(); code != exitOK {
			t.Errorf("exit code %d", code)
		}
	}
}

func TestSecondSignalKills(t *testing.T) {
	p := start(t, "--dir", t.TempDir(), "--no-lake", "--shutdown-timeout", "10m")
	url := p.until(t, "rembusd is ready")["url"].(string)
	hold := stuckConnection(t, url)
	defer hold.Close()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.until(t, "shutting down")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wait()
}

// stuckConnection keeps a TCP connection open that says nothing.
func stuckConnection(t *testing.T, url string) io.Closer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
