package torture

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience ends a wait for something that should have come long ago.
const patience = 2 * time.Minute

// broker is a rembusd that is started again and again in one directory and at
// one address.
type broker struct {
	t    *testing.T
	dir  string
	addr string
	args []string

	cmd   *exec.Cmd
	ready chan string // the address; closed at the end of the log
	logs  sync.WaitGroup

	mu    sync.Mutex // Protects following
	lines []string   // of all lives
}

func newBroker(t *testing.T, args ...string) *broker {
	b := &broker{t: t, dir: t.TempDir(), addr: "127.0.0.1:0", args: args}
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			b.keep()
		}
	})
	return b
}

// start starts it and does not wait until it serves.
func (b *broker) start(more ...string) {
	b.t.Helper()
	args := append([]string{"--dir", b.dir, "--listen", b.addr, "--log-format", "json"}, b.args...)
	b.cmd = exec.Command(program, append(args, more...)...)
	b.cmd.Env = environment()
	b.ready = make(chan string, 1)
	stderr, err := b.cmd.StderrPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.logs.Go(func() { b.read(stderr, b.ready) })
}

// serve starts it and waits until it serves.
func (b *broker) serve(more ...string) {
	b.t.Helper()
	b.start(more...)
	b.await()
}

func (b *broker) await() {
	b.t.Helper()
	select {
	case addr, ok := <-b.ready:
		if !ok {
			b.t.Fatalf("rembusd did not start:\n%s", b.tail(20))
		}
		b.addr = addr
	case <-time.After(patience):
		b.t.Fatalf("rembusd does not serve:\n%s", b.tail(20))
	}
}

func (b *broker) read(r io.Reader, ready chan<- string) {
	defer close(ready)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "rembusd is ready" {
			ready <- strings.TrimPrefix(line.URL, "ws://")
		}
		b.mu.Lock()
		b.lines = append(b.lines, lines.Text())
		b.mu.Unlock()
	}
}

// kill ends it as a power cut would, but for what the kernel holds.
func (b *broker) kill() {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Kill() // an error says that it is dead already
	b.logs.Wait()
	_ = b.cmd.Wait()
	b.cmd = nil
}

// signal stops and continues it.
func (b *broker) signal(s syscall.Signal) {
	b.t.Helper()
	if err := b.cmd.Process.Signal(s); err != nil {
		b.t.Fatal(err)
	}
}

// stop shuts it down as a user does, and has its journal verified.
func (b *broker) stop() {
	b.t.Helper()
	b.signal(syscall.SIGTERM)
	b.logs.Wait()
	if err := b.cmd.Wait(); err != nil {
		b.t.Errorf("the shutdown: %v\n%s", err, b.tail(20))
	}
	b.cmd = nil
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	verify := exec.CommandContext(ctx, program, "journal", "verify", "--dir", b.dir)
	verify.Env = environment()
	if out, err := verify.CombinedOutput(); err != nil {
		b.t.Errorf("the journal: %v\n%s", err, out)
	}
}

// troubles returns the errors it logged, and what is no log line, such as a panic;
// allowed are parts of messages that may come.
func (b *broker) troubles(allowed ...string) (wrong []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
next:
	for _, text := range b.lines {
		var line struct{ Level string }
		if json.Unmarshal([]byte(text), &line) == nil && line.Level != "ERROR" {
			continue
		}
		for _, part := range allowed {
			if strings.Contains(text, part) {
				continue next
			}
		}
		wrong = append(wrong, text)
	}
	return wrong
}

func (b *broker) tail(n int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines[max(0, len(b.lines)-n):], "\n")
}

// keep saves what explains a failure where REMBUS_KEEP says.
func (b *broker) keep() {
	to := os.Getenv("REMBUS_KEEP")
	if to == "" {
		b.t.Logf("the last lines of rembusd:\n%s\nREMBUS_KEEP=directory keeps its files", b.tail(20))
		return
	}
	to = filepath.Join(to, b.t.Name())
	err := os.CopyFS(to, os.DirFS(b.dir))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "rembusd.log"), []byte(b.tail(1<<30)), 0o600)
	}
	b.t.Log(fmt.Sprint("kept in ", to), err)
}
