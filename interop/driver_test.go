package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// driver is a process of testdata/driver.py: it plays Python components.
type driver struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	stderr  *tail
	reading sync.WaitGroup
	ready   chan report

	mu         sync.Mutex // Protects following, and writing to stdin
	last       int        // number of the last command
	pending    map[int]chan report
	components map[string]*pyComponent
	ended      bool
}

// report is a line that the driver wrote: the outcome of command N, or an event of
// component C.
type report struct {
	N      int
	Result any
	Error  *pyError

	C, On, Topic string
	Args         []any
	Version      string
}

// pyError is an exception of the client.
type pyError struct {
	Kind, Text, Message string
	Status              int
	Cause               *pyError
}

func (e *pyError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s, from %v", e.Kind, e.Text, e.Cause)
	}
	return e.Kind + ": " + e.Text
}

// startDriver starts a driver whose components keep their files in dir.
func startDriver(dir string, env ...string) (*driver, error) {
	d := &driver{
		cmd:   exec.Command(python, filepath.Join("testdata", "driver.py")),
		ready: make(chan report, 1), stderr: &tail{},
		pending: make(map[int]chan report), components: make(map[string]*pyComponent),
	}
	d.cmd.Env = append(environment("REMBUS_DIR="+dir, "PYTHONDONTWRITEBYTECODE=1"), env...)
	d.cmd.Stderr = d.stderr
	var err error
	if d.stdin, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting Python: %w", err)
	}
	d.reading.Go(func() { d.read(stdout) })
	select {
	case r := <-d.ready:
		if r.On == "ready" && r.Version == "0.8.12" {
			return d, nil
		}
		return nil, fmt.Errorf("no client of version 0.8.12, but %q: %w\n%s", r.Version, d.stop(), d.stderr)
	case <-time.After(bound):
		_ = d.cmd.Process.Kill()
		return nil, fmt.Errorf("the Python driver did not start: %w", d.stop())
	}
}

// stop ends the process with all its components.
func (d *driver) stop() error {
	_ = d.stdin.Close()
	d.reading.Wait()
	if err := d.cmd.Wait(); err != nil {
		return fmt.Errorf("the Python driver ended: %w\n%s", err, d.stderr)
	}
	return nil
}

func (d *driver) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var event report
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			event = report{On: "nonsense", Error: &pyError{Text: lines.Text()}}
		}
		d.deliver(event)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	close(d.ready)
	for n, answer := range d.pending {
		answer <- report{Error: &pyError{Kind: "driver", Text: "the process ended"}}
		delete(d.pending, n)
	}
}

func (d *driver) deliver(event report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case event.On == "ready":
		d.ready <- event
	case event.C != "":
		if c := d.components[event.C]; c != nil {
			c.events.put(event)
		}
	default:
		if answer := d.pending[event.N]; answer != nil {
			delete(d.pending, event.N)
			answer <- event
		}
	}
}

// do sends a command and waits for its outcome. It is an *[pyError] when the client
// threw.
func (d *driver) do(t *testing.T, c, op string, params map[string]any) (any, error) {
	t.Helper()
	select {
	case r := <-d.begin(t, c, op, params):
		if r.Error != nil {
			return nil, r.Error
		}
		return r.Result, nil
	case <-time.After(bound):
		t.Fatalf("%s %s %v: no answer from Python in %v\n%s", c, op, params, bound, d.stderr)
		return nil, nil
	}
}

// begin sends a command and does not wait.
func (d *driver) begin(t *testing.T, c, op string, params map[string]any) <-chan report {
	t.Helper()
	command := map[string]any{"c": c, "op": op}
	for k, v := range params {
		command[k] = v
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		t.Fatalf("the Python driver is gone:\n%s", d.stderr)
	}
	d.last++
	command["n"] = d.last
	line, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan report, 1)
	d.pending[d.last] = answer
	if _, err := d.stdin.Write(append(line, '\n')); err != nil {
		t.Fatalf("the Python driver is gone: %v\n%s", err, d.stderr)
	}
	return answer
}

// tail keeps the end of what a program writes to its stderr.
type tail struct {
	mu   sync.Mutex
	text strings.Builder
}

const tailSize = 64 << 10

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.text.Len() > tailSize {
		s := w.text.String()[tailSize/2:]
		w.text.Reset()
		w.text.WriteString(s)
	}
	return w.text.Write(p)
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
