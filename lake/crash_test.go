package lake_test

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake"
)

// crashEntries is how long the log is that the killed lakes read.
const crashEntries = 20_000

// crashLog is the same log in each process: entry i adds a row to telemetry, and
// counts in counter how often its key came.
func crashLog(t testing.TB) *memLog {
	log := &memLog{}
	for i := range crashEntries / 2 {
		if i%100 == 0 {
			log.publish(t, "telemetry", row{"n": "refused"})
		}
		log.publish(t, "telemetry", row{"n": i})
		log.publish(t, "counter", row{"k": i % 100, "v": i})
	}
	return log
}

// TestCrashChild is the process that TestKill kills: it stores the log in small
// transactions until it is done.
func TestCrashChild(t *testing.T) {
	path := os.Getenv("LAKE_CRASH_PATH")
	if path == "" {
		t.Skip("only for TestKill")
	}
	log := crashLog(t)
	l, err := lake.Open(context.Background(), lake.Options{Path: path, Schema: parse(t, tables), BatchRows: 50})
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("open\n")
	log.Commit()
	l.Start(log)
	if err := l.Await(context.Background(), log.End()); err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("done\n")
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Fault 1, the lake's part: killed at random moments, each message is in its table
// exactly once.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	killed := 0
	for range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
		cmd.Env = append(os.Environ(), "LAKE_CRASH_PATH="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if lines.Scan() && lines.Text() == "open" {
			// The moment of the kill is the random thing here; nothing depends on it.
			timer := time.AfterFunc(time.Duration(rand.IntN(150))*time.Millisecond, func() { _ = cmd.Process.Kill() })
			for lines.Scan() {
			}
			timer.Stop()
		}
		if cmd.Wait() != nil {
			killed++
		}
	}
	t.Logf("killed %d times", killed)
	log := crashLog(t)
	log.Commit()
	b := start(t, log, func(o *lake.Options) { o.Path = path })
	b.want("query_telemetry", row{"cols": "count(*) AS n, count(DISTINCT n) AS d, max(n) AS m"},
		`[{"n":10000,"d":10000,"m":9999}]`)
	b.want("query_counter", row{"cols": "count(*) AS n, sum(v) AS s"}, `[{"n":100,"s":994950}]`)
	b.want("query_rejected", row{"cols": "count(*) AS n"}, `[{"n":100}]`)
}

// A lake that is closed with a batch half on its way takes it up again.
func TestExpiredCloseLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	log := crashLog(t)
	log.Commit()
	for range 5 {
		l, err := lake.Open(t.Context(), lake.Options{Path: path, Schema: parse(t, tables), BatchRows: 1000})
		if err != nil {
			t.Fatal(err)
		}
		l.Start(log)
		if err := l.Await(t.Context(), min(l.Position()+1, crashEntries)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(expired()); err != nil {
			t.Fatal(err)
		}
	}
	b := start(t, log, func(o *lake.Options) { o.Path = path })
	b.want("query_telemetry", row{"cols": "count(*) AS n, count(DISTINCT n) AS d"}, `[{"n":10000,"d":10000}]`)
}

var _ lake.Log = (*memLog)(nil)
