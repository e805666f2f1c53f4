package lake_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake"
)

// TestCheckpointChild is the process that TestKillInCheckpoint kills: it opens and
// closes the lake again and again, a piece of the log each time.
func TestCheckpointChild(t *testing.T) {
	path := os.Getenv("LAKE_CHECKPOINT_PATH")
	if path == "" {
		t.Skip("only for TestKillInCheckpoint")
	}
	log := crashLog(t)
	for end := log.End(); log.durable < end; {
		l, err := lake.Open(context.Background(), lake.Options{Path: path, Schema: parse(t, tables), Threads: 1, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
		if err != nil {
			t.Fatal(err)
		}
		log.durable = min(max(log.durable, l.Position())+500, end)
		l.Start(log)
		if err := l.Await(context.Background(), log.durable); err != nil {
			t.Fatal(err)
		}
		fmt.Println("closing")
		if err := l.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// torn is what DuckDB says of a block that was being written: it writes those of its
// metadata in place, 256 KiB at a time, and a kill may cut that.
const torn = "does not match stored checksum"

// Fault 1: killed while the write-ahead log is merged, nothing is lost, nothing comes
// twice, and no file is taken for damaged that is not.
func TestKillInCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	for range 10 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCheckpointChild$")
		cmd.Env = append(os.Environ(), "LAKE_CHECKPOINT_PATH="+path)
		var logged bytes.Buffer
		cmd.Stderr = &logged
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, len("closing"))); err == nil {
			time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
		for b := make([]byte, 1024); ; {
			if _, err := out.Read(b); err != nil {
				break
			}
		}
		_ = cmd.Wait()
		onlyTorn(t, logged.String())
	}
	log := crashLog(t)
	log.Commit()
	var logged bytes.Buffer
	b := start(t, log, func(o *lake.Options) {
		o.Path, o.Probe, o.Logger = path, probeElsewhere, slog.New(slog.NewTextHandler(&logged, nil))
	})
	b.want("query_telemetry", row{"cols": "count(*) AS n, count(DISTINCT n) AS d"}, `[{"n":10000,"d":10000}]`)
	b.want("query_counter", row{"cols": "count(*) AS n, sum(v) AS s"}, `[{"n":100,"s":994950}]`)
	b.want("query_rejected", row{"cols": "count(*) AS n"}, `[{"n":100}]`)
	if err := b.Close(t.Context()); err != nil { // and with it the logging
		t.Error(err)
	}
	onlyTorn(t, logged.String())
}

// onlyTorn reports what was set aside for another reason.
func onlyTorn(t *testing.T, logged string) {
	for line := range strings.Lines(logged) {
		if strings.Contains(line, "set aside") && !strings.Contains(line, torn) {
			t.Errorf("taken for damaged: %s", line)
		}
	}
}
