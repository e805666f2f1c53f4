package lake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/lake"
)

// TestProbeChild is the process that looks at a file for probeElsewhere.
func TestProbeChild(t *testing.T) {
	path := os.Getenv("LAKE_PROBE_PATH")
	if path == "" {
		t.Skip("only for probeElsewhere")
	}
	err := lake.Probe(context.Background(), path, true)
	switch {
	case errors.Is(err, lake.ErrDamaged):
		os.Exit(20)
	case err != nil:
		t.Fatal(err)
	}
}

// probeElsewhere looks at all of a file in a process of its own.
func probeElsewhere(ctx context.Context, path string, _ bool) error {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestProbeChild$")
	cmd.Env = append(os.Environ(), "LAKE_PROBE_PATH="+path)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 20 {
		return lake.ErrDamaged
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// damagedLog is what the damaged lakes read.
func damagedLog(t testing.TB) *memLog {
	log := &memLog{}
	for i := range 3000 {
		log.publish(t, "telemetry", row{"n": i, "temperature": float64(i) / 3, "dn": strings.Repeat("x", i%50)})
		log.publish(t, "counter", row{"k": i % 100, "v": i})
	}
	log.Commit()
	return log
}

// want checks that each message is in its table exactly once.
func (b *bench) wantDamagedLog() {
	b.t.Helper()
	b.want("query_telemetry", row{"cols": "count(*) AS n, count(DISTINCT n) AS d, max(n) AS m"}, `[{"n":3000,"d":3000,"m":2999}]`)
	b.want("query_counter", row{"cols": "count(*) AS n, sum(v) AS s"}, `[{"n":100,"s":294950}]`)
}

// Fault 8: wherever a file or its write-ahead log is flipped or cut, the lake opens,
// sets aside what is damaged, and has each message of the log exactly once.
func TestDamagedFile(t *testing.T) {
	whole := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDamageChild$")
	cmd.Env = append(os.Environ(), "LAKE_DAMAGE_PATH="+filepath.Join(whole, "lake.duckdb"))
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "written") {
		t.Fatalf("the child did not die: %v\n%s", err, out)
	}
	file, err := os.ReadFile(filepath.Join(whole, "lake.duckdb"))
	if err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(filepath.Join(whole, "lake.duckdb.wal"))
	if err != nil || len(wal) < 1000 {
		t.Fatalf("%d bytes of write-ahead log: %v", len(wal), err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	flip := func(b []byte, from, to int) []byte {
		b = bytes.Clone(b)
		b[from+rnd.IntN(to-from)] ^= 1 << rnd.IntN(8)
		return b
	}
	cut := func(b []byte) []byte { return b[:rnd.IntN(len(b))] }
	log := damagedLog(t)
	for name, damage := range map[string]func() (file, wal []byte){
		"none":          func() ([]byte, []byte) { return file, wal },
		"header":        func() ([]byte, []byte) { return flip(file, 0, 4096), wal },
		"second header": func() ([]byte, []byte) { return flip(file, 4096, 3*4096), wal },
		"flip":          func() ([]byte, []byte) { return flip(file, 0, len(file)), wal },
		"cut":           func() ([]byte, []byte) { return cut(file), wal },
		"cut by a byte": func() ([]byte, []byte) { return file[:len(file)-1], wal },
		"empty":         func() ([]byte, []byte) { return nil, wal },
		"zeros":         func() ([]byte, []byte) { return make([]byte, len(file)), wal },
		"text":          func() ([]byte, []byte) { return []byte("this is no database"), nil },
		"flipped wal":   func() ([]byte, []byte) { return file, flip(wal, 0, len(wal)) },
		"cut wal":       func() ([]byte, []byte) { return file, cut(wal) },
		"empty wal":     func() ([]byte, []byte) { return file, []byte{} },
		"both":          func() ([]byte, []byte) { return flip(file, 0, len(file)), flip(wal, 0, len(wal)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lake.duckdb")
			file, wal := damage()
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			if wal != nil {
				if err := os.WriteFile(path+".wal", wal, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			b := start(t, log, func(o *lake.Options) {
				o.Path, o.Probe, o.Logger, o.Threads = path, probeElsewhere, slog.New(slog.NewTextHandler(&out, nil)), 1
			})
			b.wantDamagedLog()
			if err := b.Health(); err != nil {
				t.Error(err)
			}
			aside, err := lake.SetAside(path)
			if told := b.Damage(); err != nil || (told == "") != (len(aside) == 0) {
				t.Errorf("set aside %q, %v, told %q", aside, err, told)
			}
			if name == "none" && len(aside) > 0 || strings.Contains("header empty zeros text", name) && len(aside) == 0 {
				t.Errorf("set aside %q", aside)
			}
			if err := b.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if logged := out.String(); (len(aside) > 0) != strings.Contains(logged, "level=ERROR msg=\"the lake is damaged") {
				t.Errorf("logged %s", logged)
			}
		})
	}
}

// TestDamageChild writes a file with a write-ahead log and dies.
func TestDamageChild(t *testing.T) {
	path := os.Getenv("LAKE_DAMAGE_PATH")
	if path == "" {
		t.Skip("only for TestDamagedFile")
	}
	log := damagedLog(t)
	o := lake.Options{Path: path, Schema: parse(t, tables), BatchRows: 500}
	all := log.durable
	log.durable = all / 2
	l, err := lake.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	l.Start(log)
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	log.durable = all
	if l, err = lake.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	l.Start(log)
	if err := l.Await(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	fmt.Println("written")
	os.Exit(1)
}

// A file that somebody else has open, or that may not be read, is not damaged.
func TestNotDamaged(t *testing.T) {
	for name, failed := range map[string]error{
		"locked":  errors.New("IO Error: Could not set lock on file: Conflicting lock is held"),
		"newer":   fmt.Errorf("%w: version 99", lake.ErrNewer),
		"no time": context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lake.duckdb")
			log := &memLog{}
			open := func(probe func(context.Context, string, bool) error) (*lake.Lake, error) {
				return lake.Open(t.Context(), lake.Options{Path: path, Schema: parse(t, tables), Probe: probe})
			}
			l, err := open(nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fail := failed
			l, err = open(func(context.Context, string, bool) error { return fail })
			if errors.Is(failed, lake.ErrNewer) {
				if !errors.Is(err, lake.ErrNewer) { // fault 14
					t.Fatalf("opened a newer file: %v", err)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Health(); !errors.Is(err, failed) {
					t.Errorf("Health: %v", err)
				}
				fail = nil // before the reader looks
				log.publish(t, "counter", row{"k": 1})
				l.Start(log)
				b := &bench{t: t, log: log, Lake: l, calls: l.Procedures(log.submit)}
				log.Commit()
				if err := l.Await(t.Context(), 1); err != nil {
					t.Error(err)
				}
				b.want("query_counter", row{"cols": "k"}, `[{"k":1}]`)
				if err := l.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if aside, err := lake.SetAside(path); err != nil || len(aside) > 0 {
				t.Errorf("set aside %q, %v", aside, err)
			}
			if after, err := os.ReadFile(path); errors.Is(failed, lake.ErrNewer) && (err != nil || !bytes.Equal(before, after)) {
				t.Errorf("the file was changed: %v", err)
			}
		})
	}
}

// A lake that could not be opened when the log began anew takes what is in the log,
// although the file's position is above it.
func TestLateOpenOfAFileAheadOfTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	log := &memLog{}
	b := start(t, log, func(o *lake.Options) { o.Path = path })
	for i := range 10 {
		log.publish(t, "telemetry", row{"n": i})
	}
	b.want("query_telemetry", row{"cols": "count(*) AS n"}, `[{"n":10}]`)
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	tries := 0
	log = &memLog{}
	b = start(t, log, func(o *lake.Options) {
		o.Path = path
		o.Probe = func(context.Context, string, bool) error {
			if tries++; tries == 1 {
				return errors.New("not now")
			}
			return nil
		}
	})
	log.publish(t, "telemetry", row{"n": 10})
	log.Commit()
	if err := b.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.want("query_telemetry", row{"cols": "count(*) AS n, max(n) AS m"}, `[{"n":11,"m":10}]`)
}

// damagedWhileOpen is a lake whose file is damaged while it is open.
func damagedWhileOpen(t *testing.T, log *memLog) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	b := start(t, log, func(o *lake.Options) { o.Path = path })
	b.wantDamagedLog()
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(t.Context(), lake.Options{Path: path, Schema: parse(t, tables), Probe: probeElsewhere})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) }) // it may fail to merge what it has
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	for at := int64(3 * 4096); err == nil && at+6 < info.Size(); at += 1000 {
		_, err = file.WriteAt([]byte("damage"), at)
	}
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	l.Start(log)
	return &bench{t: t, log: log, Lake: l, calls: l.Procedures(log.submit)}
}

// Damage that a query meets later is an error of that query; what is published is
// stored all the same.
func TestDamageFoundByAQuery(t *testing.T) {
	log := damagedLog(t)
	b := damagedWhileOpen(t, log)
	b.refused("a part of the lake's file is damaged", "query_telemetry")
	if told := b.Damage(); !strings.Contains(told, "queries that need it fail") {
		t.Errorf("told %q", told)
	}
	seq := log.publish(t, "telemetry", row{"n": 1})
	log.Commit()
	if err := b.Await(t.Context(), seq); err != nil {
		t.Errorf("what comes after it: %v", err)
	}
}

// Damage that keeps the lake from writing makes it set the file aside while it runs,
// and go back to the beginning of the log.
func TestDamageFoundByTheWriter(t *testing.T) {
	log := damagedLog(t)
	b := damagedWhileOpen(t, log)
	before := b.Position()
	b.ok("delete_telemetry", row{"where": "n % 7 = 9"}) // it reads, and deletes nothing
	if b.Position() <= before {
		t.Errorf("position %d after %d", b.Position(), before)
	}
	b.wantDamagedLog()
	if told := b.Damage(); !strings.Contains(told, "rebuilt from 6001 messages of the log") {
		t.Errorf("told %q", told)
	}
}
