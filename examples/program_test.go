package examples_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bound ends a wait for something that should have come long ago.
const bound = 60 * time.Second

// program is a process that goes on until it is told to end.
type program struct {
	cmd   *exec.Cmd
	lines chan string // of both outputs; closed at its end
	seen  []string
}

// start runs a command until the test ends or stop is called.
func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	p := &program{cmd: command(name, args...), lines: make(chan string, 1<<16)}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	go p.read(r)
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *program) read(r io.ReadCloser) {
	defer r.Close()
	defer close(p.lines)
	text := bufio.NewScanner(r)
	for text.Scan() {
		p.lines <- text.Text()
	}
}

// wait returns the next line of output that holds text.
func (p *program) wait(t *testing.T, text string) string {
	t.Helper()
	timeout := time.NewTimer(bound)
	defer timeout.Stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				t.Fatalf("%s ended without %q:\n%s", p.cmd.Path, text, strings.Join(p.seen, "\n"))
			}
			p.seen = append(p.seen, line)
			if strings.Contains(line, text) {
				return line
			}
		case <-timeout.C:
			t.Fatalf("%s: no %q:\n%s", p.cmd.Path, text, strings.Join(p.seen, "\n"))
		}
	}
}

// end waits for the process, which must end well, and returns what it printed.
func (p *program) end(t *testing.T) string {
	t.Helper()
	stuck := time.AfterFunc(bound, func() { _ = p.cmd.Process.Kill() })
	defer stuck.Stop()
	for line := range p.lines {
		p.seen = append(p.seen, line)
	}
	text := strings.Join(p.seen, "\n")
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%s: %v\n%s", p.cmd.Path, err, text)
	}
	return text
}

// stop interrupts the process as Ctrl-C does and waits for its end.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Errorf("%s: %v", p.cmd.Path, err)
	}
	p.end(t)
}

// command is a program of bin/, or of the system.
func command(name string, args ...string) *exec.Cmd {
	if own := filepath.Join(home, "bin", name); !strings.Contains(name, "/") {
		if _, err := os.Stat(own); err == nil {
			name = own
		}
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = home
	for _, v := range os.Environ() { // settings of Rembus and proxies would change the programs
		key, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(key, "REMBUS_") && !strings.HasSuffix(strings.ToLower(key), "_proxy") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// output runs a command to its end, which must be a good one.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// startBroker serves the root schema on a port of its own, or the one in args,
// and returns the URL.
func startBroker(t *testing.T, args ...string) (*program, string) {
	t.Helper()
	p := start(t, "rembusd", append([]string{
		"--dir", t.TempDir(), "--schema", "schema.json", "--listen", "127.0.0.1:0", "--log-format", "json",
	}, args...)...)
	var ready struct{ URL string }
	if err := json.Unmarshal([]byte(p.wait(t, `"rembusd is ready"`)), &ready); err != nil {
		t.Fatal(err)
	}
	return p, ready.URL
}
