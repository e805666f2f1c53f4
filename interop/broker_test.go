package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// broker is a running rembusd.
type broker struct {
	url  string // without a name
	args []string
	cmd  *exec.Cmd
	log  *logbook
}

// startBroker starts rembusd with its files in dir, on a port of its own.
func startBroker(dir string, args ...string) (*broker, error) {
	b := &broker{args: append([]string{
		"--dir", dir, "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "debug",
	}, args...)}
	return b, b.start()
}

// newBroker starts a broker that serves one test only.
func newBroker(t *testing.T, args ...string) *broker {
	t.Helper()
	b, err := startBroker(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("rembusd:\n%s", b.log)
		}
	})
	return b
}

func (b *broker) start() error {
	b.cmd = exec.Command(program, b.args...)
	b.cmd.Env = environment()
	b.log = &logbook{ready: make(chan string, 1)}
	stderr, err := b.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		return fmt.Errorf("starting rembusd: %w", err)
	}
	b.log.reading.Go(func() { b.log.read(stderr) })
	select {
	case b.url = <-b.log.ready:
	case <-time.After(bound):
	}
	if b.url == "" {
		_ = b.cmd.Process.Kill()
		b.log.reading.Wait()
		return fmt.Errorf("rembusd did not start: %v\n%s", b.cmd.Wait(), b.log)
	}
	return nil
}

// stop shuts the broker down as a user does, and returns what was wrong in its life.
func (b *broker) stop() error {
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping rembusd: %w\n%s", err, b.log)
	}
	b.log.reading.Wait()
	if err := b.cmd.Wait(); err != nil {
		return fmt.Errorf("rembusd ended: %w\n%s", err, b.log)
	}
	if wrong := b.log.wrong(); wrong != "" {
		return fmt.Errorf("rembusd logged:\n%s", wrong)
	}
	return nil
}

// kill ends the broker as a crash does.
func (b *broker) kill() error {
	if err := b.cmd.Process.Kill(); err != nil {
		return err
	}
	b.log.reading.Wait()
	_ = b.cmd.Wait() // "signal: killed"
	return nil
}

// logbook keeps what rembusd logs.
type logbook struct {
	ready   chan string // the URL; empty when the log ended before
	reading sync.WaitGroup

	mu    sync.Mutex // Protects following
	lines []string
}

func (l *logbook) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "rembusd is ready" {
			l.ready <- line.URL
		}
		l.mu.Lock()
		l.lines = append(l.lines, lines.Text())
		l.mu.Unlock()
	}
	close(l.ready)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// wrong returns the errors, and all that is no log line, such as a report of the race detector.
func (l *logbook) wrong() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var wrong bytes.Buffer
	for _, text := range l.lines {
		var line struct{ Level string }
		if json.Unmarshal([]byte(text), &line) != nil || line.Level == "ERROR" {
			fmt.Fprintln(&wrong, text)
		}
	}
	return wrong.String()
}
