package interop

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rembus-go/rembus/component"
)

// pyProgram is a running testdata/program.py.
type pyProgram struct {
	t       *testing.T
	cmd     *exec.Cmd
	stderr  *tail
	lines   queue
	reading sync.WaitGroup
}

func newProgram(t *testing.T, b *broker, name, api string) *pyProgram {
	t.Helper()
	p := &pyProgram{t: t, stderr: &tail{}, cmd: exec.Command(python, filepath.Join("testdata", "program.py"), name, api)}
	p.cmd.Env = environment("REMBUS_DIR="+t.TempDir(), "REMBUS_BASE_URL="+b.url, "PYTHONDONTWRITEBYTECODE=1")
	p.cmd.Stderr = p.stderr
	p.lines.filled = make(chan struct{}, 1)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.reading.Go(func() { p.read(stdout) })
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		p.reading.Wait()
		_ = p.cmd.Wait() // fails when end has waited already
	})
	p.says("waiting")
	return p
}

func (p *pyProgram) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.lines.put(report{Topic: lines.Text()})
	}
}

// says waits for the next lines that the program prints.
func (p *pyProgram) says(lines ...string) {
	p.t.Helper()
	for _, want := range lines {
		if line, ok := p.lines.next(); !ok || line.Topic != want {
			p.t.Fatalf("program.py printed %q, want %q\n%s", line.Topic, want, p.stderr)
		}
	}
}

// end sends a signal and waits for the end of the process.
func (p *pyProgram) end(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	ended := time.AfterFunc(bound, func() { _ = p.cmd.Process.Kill() })
	defer ended.Stop()
	p.reading.Wait()
	_ = p.cmd.Wait()
}

// A program as in Rembus' own documents, that is killed and started again: nothing is lost
// or repeated, and its function is back with it.
func TestProgramKilled(t *testing.T) {
	t.Parallel()
	for _, api := range []string{"sync", "async"} {
		t.Run(api, func(t *testing.T) {
			t.Parallel()
			b := newBroker(t)
			c := newGoAt(t, b.url, "")
			next := 0
			publish := func(n int) (lines []string) {
				for range n {
					qos := component.QoS(next%2 + 1)
					if err := c.Topic("alarm", component.WithQoS(qos)).Publish(t.Context(), next, "low"); err != nil {
						t.Fatal(err)
					}
					lines = append(lines, fmt.Sprint("alarm ", next, " low"))
					next++
				}
				return lines
			}
			early := publish(3)
			program := newProgram(t, b, "watcher", api)
			program.says(early...)
			for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT} {
				program.says(publish(5)...)
				if sum, err := component.Call[int](t.Context(), c, "add", 1, next); err != nil || sum != next+1 {
					t.Errorf("add: %d, %v", sum, err)
				}
				program.end(signal)
				missed := publish(5)
				program = newProgram(t, b, "watcher", api)
				program.says(missed...)
			}
		})
	}
}
