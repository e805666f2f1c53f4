package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/internal/crashfs"
)

// broker is a whole rembusd in this process, whose journal is on a file system that
// can fail.
type broker struct {
	fs   *crashfs.FS
	comp *component.Component
	logs []string // all lines about health, once it was stopped
	stop func()
}

// startBroker starts one with flags besides those that every test needs, and
// connects to it.
func startBroker(t *testing.T, args ...string) *broker {
	t.Helper()
	c := newConfig()
	flags := pflag.NewFlagSet("rembusd", pflag.ContinueOnError)
	c.flags(flags)
	args = append([]string{"--dir", t.TempDir(), "--listen", "127.0.0.1:0", "--log-format", "json", "--disk-low", "1"}, args...)
	if err := errors.Join(flags.Parse(args), c.load(flags)); err != nil {
		t.Fatal(err)
	}
	b := &broker{fs: crashfs.New()}
	c.fs = b.fs
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended, url := make(chan error, 1), make(chan string, 1)
	go func() {
		ended <- serve(ctx, c, write)
		_ = write.Close()
	}()
	scanned := make(chan struct{})
	go func() {
		defer close(scanned)
		for lines := json.NewDecoder(read); ; {
			var line struct{ Level, Msg, URL string }
			if lines.Decode(&line) != nil {
				close(url)
				return
			}
			if line.URL != "" {
				url <- line.URL
			}
			if strings.HasPrefix(line.Msg, "health") {
				b.logs = append(b.logs, line.Level+" "+line.Msg)
			}
		}
	}()
	stopped := false
	b.stop = func() {
		if stopped {
			return
		}
		stopped = true
		b.fs.Hook(nil)
		b.fs.SetCapacity(0)
		closing, done := context.WithTimeout(context.Background(), time.Minute)
		defer done()
		_ = b.comp.Close(closing) // what was refused stays unacked
		cancel()
		<-ended // which may say that the journal failed
		<-scanned
	}
	at, ok := <-url
	if !ok {
		cancel()
		t.Fatalf("the broker did not start: %v", <-ended)
	}
	var err error
	if b.comp, err = component.Dial(t.Context(), at, component.WithoutReconnect()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	return b
}

func (b *broker) publish(t *testing.T, text string) error {
	t.Helper()
	return b.comp.Topic("belluno.s1/telemetry", component.WithQoS(component.QoS1)).Publish(t.Context(), map[string]any{"temperature": 1.5, "note": text})
}

// health asks the broker.
func (b *broker) health(t *testing.T) (r healthReport) {
	t.Helper()
	v, err := b.comp.RPC(t.Context(), "health")
	if err == nil {
		err = v.Decode(&r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r healthReport) has(state, code string) bool {
	if r.State != state || (code == "") != (len(r.Reasons) == 0) {
		return false
	}
	for _, reason := range r.Reasons {
		if reason.Code == code {
			return true
		}
	}
	return code == ""
}

// until asks until the broker is in that state for that reason.
func (b *broker) until(t *testing.T, state, code string) healthReport {
	t.Helper()
	for ctx, cancel := context.WithTimeout(t.Context(), time.Minute); ; {
		r := b.health(t)
		if r.has(state, code) {
			cancel()
			return r
		}
		if ctx.Err() != nil {
			cancel()
			t.Fatalf("want %s %s, it stays %+v", state, code, r)
		}
	}
}

// logged stops the broker and checks its lines about health.
func (b *broker) logged(t *testing.T, want ...string) {
	t.Helper()
	b.stop()
	if strings.Join(b.logs, "\n") != strings.Join(want, "\n") {
		t.Errorf("logged %q, want %q", b.logs, want)
	}
}

func (b *broker) fail(on crashfs.Op, with error) {
	b.fs.Hook(func(op crashfs.Op, _ string) error {
		if op == on {
			return with
		}
		return nil
	})
}

// TestHealthOfFailedFsync: fault 3.
func TestHealthOfFailedFsync(t *testing.T) {
	b := startBroker(t)
	if err := b.publish(t, "kept"); err != nil {
		t.Fatal(err)
	}
	r := b.health(t)
	if !r.has(green, "") || len(r.Notes) != 0 || r.Stats.Published != 1 || r.Stats.Connections != 1 || r.Stats.Log.Durable != 1 || r.Stats.Journal.Bytes == 0 || r.Stats.Lake != nil {
		t.Fatalf("%+v", r)
	}
	b.fail(crashfs.OpSync, syscall.EIO)
	for range 2 { // the one that found it, and one after it
		if err := b.publish(t, "lost"); !errors.Is(err, component.ErrFailed) {
			t.Fatalf("published: %v", err)
		}
	}
	b.fs.Hook(nil) // which heals nothing
	r = b.health(t)
	if since, err := time.Parse(time.RFC3339, r.Since); !r.has(readOnly, codeJournalFailed) || err != nil || time.Since(since) > time.Hour {
		t.Fatalf("%+v", r)
	}
	if !strings.Contains(r.Reasons[0].Text, syscall.EIO.Error()) || r.Stats.Log.Durable != 1 {
		t.Errorf("%+v", r)
	}
	b.health(t)
	b.logged(t, "ERROR health: read-only")
}

// TestHealthOfFullDisk: fault 4.
func TestHealthOfFullDisk(t *testing.T) {
	b := startBroker(t)
	b.fs.SetCapacity(10)
	written := make(chan error, 1)
	go func() { written <- b.publish(t, "waits") }() // taken: the disk was not known to be full
	b.until(t, degraded, codeJournalFull)
	if err := b.publish(t, "refused"); !errors.Is(err, component.ErrFailed) {
		t.Fatalf("published: %v", err)
	}
	b.fs.SetCapacity(0)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	b.until(t, green, "")
	if err := b.publish(t, "again"); err != nil {
		t.Fatal(err)
	}
	b.logged(t, "WARN health: degraded", "INFO health: green")
}

// TestHealthOfTheLake: a lake that cannot read the log, and so falls behind.
func TestHealthOfTheLake(t *testing.T) {
	b := startBroker(t, "--schema", schemaFile, "--batch-interval", "1ms", "--lake-lag", "1ms")
	b.fail(crashfs.OpRead, syscall.EIO)
	if err := b.publish(t, "late"); err != nil {
		t.Fatal(err)
	}
	b.until(t, degraded, codeLakeFailed)
	r := b.until(t, degraded, codeLakeBehind)
	if r.Stats.Lake.Behind != 1 || r.Stats.Lake.BehindSeconds <= 0 || r.Stats.Lake.Position != 0 {
		t.Errorf("%+v", r.Stats.Lake)
	}
	b.fs.Hook(nil)
	r = b.until(t, green, "")
	if r.Stats.Lake.Position != 1 || r.Stats.Lake.RefusedRows != 0 {
		t.Errorf("%+v", r.Stats.Lake)
	}
	b.stop()
	if n := len(b.logs); n < 2 || b.logs[0] != "WARN health: degraded" || b.logs[n-1] != "INFO health: green" {
		t.Errorf("logged %q", b.logs)
	}
}

// TestHealthOfTheDisk: less is free than wanted. No journal is no fault.
func TestHealthOfTheDisk(t *testing.T) {
	b := startBroker(t, "--disk-low", "8388608GiB", "--no-journal")
	r := b.until(t, degraded, codeDiskLow)
	if r.Stats.Disk.Free <= 0 || r.Stats.Disk.Total < r.Stats.Disk.Free || r.Stats.Journal != nil || len(r.Notes) != 1 || r.Notes[0].Code != codeNoJournal {
		t.Errorf("%+v", r)
	}
	b.logged(t, "WARN health: degraded")
	if _, err := diskOf(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a directory that does not exist has space")
	}
}
