package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/protocol"
)

// TestMain lets the scripts run the test binary as rembus.
func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"rembus": main})
}

type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		println(err.Error())
		return 1
	}
	return code
}

// TestScripts runs testdata/script: each script has a broker of its own, whose
// address is in REMBUS_BASE_URL, and these commands:
//
//	start NAME REGEXP ARG…  starts rembus ARG… and waits until it prints REGEXP to stderr
//	await NAME REGEXP       waits for further output to stderr
//	feed NAME [LINE]        writes a line to its stdin; without one that ends
//	finish NAME [CODE]      waits until it ends; its output is in NAME.stdout and NAME.stderr
//	interrupt NAME [CODE]   the same after an interrupt
//	status CODE ARG…        runs rembus ARG…, which must end with that code
//	provide METHOD JSON     lets the broker answer calls of METHOD with a value
//	drop                    makes the broker cut all connections
//	down                    stops the broker
//	unix2dos FILE           ends its lines with CR LF
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			b, err := startBroker(env.WorkDir)
			if err != nil {
				return err
			}
			env.Values["broker"], env.Values["running"] = b, map[string]*running{}
			env.Defer(b.stop)
			env.Setenv("REMBUS_BASE_URL", b.url)
			env.Setenv("TLS_URL", b.tlsURL)
			env.Setenv("GORACE", fastExit)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": start, "await": await, "feed": feed, "finish": finish, "interrupt": interrupt, "status": status,
			"unix2dos": func(ts *testscript.TestScript, _ bool, args []string) {
				text := strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
			},
			"provide": func(ts *testscript.TestScript, _ bool, args []string) {
				answer := protocol.NewPayload(protocol.JSON, []byte(args[1]))
				ts.Value("broker").(*broker).core.Provide(args[0], func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
					return answer, nil
				})
			},
			"down": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Value("broker").(*broker).stop() },
			"drop": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Value("broker").(*broker).drop() },
		},
	})
}

// fastExit keeps the race detector from waiting a second at the end of each process.
const fastExit = "atexit_sleep_ms=0"

// running is a rembus in the background.
type running struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout bytes.Buffer
	stderr watched
}

func start(ts *testscript.TestScript, _ bool, args []string) {
	name, ready, args := args[0], args[1], args[2:]
	path, err := exec.LookPath("rembus")
	ts.Check(err)
	r := &running{cmd: exec.Command(path, args...)}
	r.cmd.Dir = ts.MkAbs(".")
	r.cmd.Env = append(os.Environ(), "REMBUS_BASE_URL="+ts.Getenv("REMBUS_BASE_URL"), "GORACE="+fastExit)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	r.stdin, err = r.cmd.StdinPipe()
	ts.Check(err)
	ts.Check(r.cmd.Start())
	ts.Defer(func() { _ = r.cmd.Process.Kill() }) // it has ended, unless the script failed
	all(ts)[name] = r
	r.stderr.wait(ready)
}

func all(ts *testscript.TestScript) map[string]*running {
	return ts.Value("running").(map[string]*running)
}

func await(ts *testscript.TestScript, _ bool, args []string) { all(ts)[args[0]].stderr.wait(args[1]) }

func feed(ts *testscript.TestScript, _ bool, args []string) {
	r := all(ts)[args[0]]
	if len(args) == 1 {
		ts.Check(r.stdin.Close())
		return
	}
	_, err := io.WriteString(r.stdin, args[1]+"\n")
	ts.Check(err)
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(all(ts)[args[0]].cmd.Process.Signal(os.Interrupt))
	finish(ts, neg, args)
}

func finish(ts *testscript.TestScript, _ bool, args []string) {
	r := all(ts)[args[0]]
	err := r.cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stdout"), r.stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".stderr"), []byte(r.stderr.String()), 0o600))
	checkCode(ts, err, append(args[1:], "0")[0])
}

func status(ts *testscript.TestScript, _ bool, args []string) {
	checkCode(ts, ts.Exec("rembus", args[1:]...), args[0])
}

func checkCode(ts *testscript.TestScript, err error, want string) {
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// watched is output for which somebody waits.
type watched struct {
	mu   sync.Mutex // Protects following
	text strings.Builder
	seen int           // up to here it was waited for
	more chan struct{} // closed when there is more
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	if w.more != nil {
		close(w.more)
		w.more = nil
	}
	return len(b), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// wait returns when what came since the last wait matches; the deadline of the test
// bounds it.
func (w *watched) wait(pattern string) {
	re := regexp.MustCompile(pattern)
	for {
		w.mu.Lock()
		if loc := re.FindStringIndex(w.text.String()[w.seen:]); loc != nil {
			w.seen += loc[1]
			w.mu.Unlock()
			return
		}
		more := w.more
		if more == nil {
			more = make(chan struct{})
			w.more = more
		}
		w.mu.Unlock()
		<-more
	}
}

// TestScriptsCoverAllCommands keeps a command from being added without a script.
func TestScriptsCoverAllCommands(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range rootCommand().Commands() {
		found := false
		for _, f := range files {
			found = found || strings.HasPrefix(filepath.Base(f), cmd.Name())
		}
		if !found {
			t.Errorf("no script for %s", cmd.Name())
		}
	}
}
