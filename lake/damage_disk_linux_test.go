package lake_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake"
)

// fill takes what room there is, down to the last byte.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1 << 20; n > 0; {
		if _, err := f.Write(make([]byte, n)); errors.Is(err, syscall.ENOSPC) {
			n /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// Fault 5, at the start: on a full disk the lake waits for room; no file is taken for
// damaged, whether there was one or not.
func TestFullDiskAtOpen(t *testing.T) {
	for name, before := range map[string]bool{"no file": false, "a file": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
				t.Skip("a small file system cannot be mounted here: ", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			path, ballast := filepath.Join(dir, "lake.duckdb"), filepath.Join(dir, "ballast")
			log := &memLog{}
			o := lake.Options{Path: path, Schema: parse(t, tables), Threads: 1, Probe: probeElsewhere}
			log.publish(t, "counter", row{"k": 1})
			log.Commit()
			if before {
				l, err := lake.Open(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				l.Start(log)
				if err := l.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			fill(t, ballast)
			l, err := lake.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Health(); err == nil || !strings.Contains(err.Error(), "No space left") {
				t.Errorf("Health: %v", err)
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
			log.publish(t, "counter", row{"k": 2})
			log.Commit()
			l.Start(log)
			b := &bench{t: t, log: log, Lake: l, calls: l.Procedures(log.submit)}
			if err := b.Await(t.Context(), log.End()); err != nil {
				t.Error(err)
			}
			b.want("query_counter", row{"cols": "count(*) AS n, sum(k) AS s"}, `[{"n":2,"s":3}]`)
			if aside, err := lake.SetAside(path); err != nil || len(aside) > 0 {
				t.Errorf("set aside %q, %v", aside, err)
			}
			if err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Fault 46: a query that puts more on the disk than there is room ends, and says why.
func TestQueryFillsDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128m"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	b := start(t, &memLog{}, func(o *lake.Options) {
		o.Path, o.MemoryLimit, o.QueryTimeout = filepath.Join(dir, "lake.duckdb"), "64MB", time.Minute
	})
	for k := range 4000 {
		b.log.publish(t, "counter", row{"k": k})
	}
	b.refusedSQL("more room on the disk than there is", "SELECT a.k, b.k FROM counter a, counter b ORDER BY a.k * b.k")
	b.want("query_counter", row{"cols": "count(*) AS n"}, `[{"n":4000}]`)
	if err := b.Health(); err != nil {
		t.Error(err)
	}
}
