package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// news collects what Notify tells.
type news struct {
	durable chan uint64
	failed  chan error
}

func listen(j *journal.Journal) news {
	n := news{make(chan uint64, 10000), make(chan error, 10)}
	j.Notify(func(durable uint64, err error) {
		if err != nil {
			n.failed <- err
		} else {
			n.durable <- durable
		}
	})
	return n
}

func (n news) failure(t *testing.T) error {
	t.Helper()
	select {
	case err := <-n.failed:
		return err
	case <-within(t).Done():
		t.Fatal("no failure was told")
		return nil
	}
}

// reach waits until the durable end is at seq.
func (n news) reach(t *testing.T, seq uint64) {
	t.Helper()
	for {
		select {
		case d := <-n.durable:
			if d >= seq {
				return
			}
		case <-within(t).Done():
			t.Fatalf("the durable end did not reach %d", seq)
		}
	}
}

// Fault 3.
func TestFailedFsyncEndsWritingForGood(t *testing.T) {
	for _, target := range []crashfs.Op{crashfs.OpSync, crashfs.OpSyncDir, crashfs.OpWrite} {
		for _, cause := range []error{syscall.EIO, syscall.ENOSPC} {
			if target == crashfs.OpWrite && errors.Is(cause, syscall.ENOSPC) {
				continue // a pause: TestFullDisk
			}
			t.Run(fmt.Sprint(target, cause), func(t *testing.T) { failedFsync(t, target, cause) })
		}
	}
}

func failedFsync(t *testing.T, target crashfs.Op, cause error) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs, SegmentBytes: 4 << 10})
	news := listen(j)
	appendAll(t, j, pub("t", protocol.QoS1, `["kept"]`))
	settle(t, j)
	var failures atomic.Int32
	fs.Hook(func(op crashfs.Op, _ string) error {
		if op == target && failures.Add(1) == 1 { // a second try would succeed
			return cause
		}
		return nil
	})
	told := make(chan error, 1)
	appendAll(t, j, pub("t", protocol.QoS1, `["`+strings.Repeat("lost", 1500)+`"]`)) // a new segment, so that the directory is synced
	if err := j.PutState("bob", []byte("x"), func(err error) { told <- err }); err != nil {
		t.Fatal(err)
	}
	j.Commit()
	if err := news.failure(t); !errors.Is(err, journal.ErrFailed) || !errors.Is(err, cause) && target == crashfs.OpWrite {
		t.Fatalf("told %v", err)
	}
	if err := <-told; !errors.Is(err, journal.ErrFailed) {
		t.Fatalf("PutState was told %v", err)
	}
	for name, err := range map[string]error{
		"Append":   j.Append(pub("t", protocol.QoS0, `[]`)),
		"PutState": j.PutState("bob", nil, nil),
		"Room":     j.Room(within(t)),
	} {
		if !errors.Is(err, journal.ErrFailed) {
			t.Errorf("%s after the failure: %v", name, err)
		}
	}
	j.Commit()
	if j.Durable() != 1 || j.Health().State != journal.Failed {
		t.Fatalf("durable %d, health %v", j.Durable(), j.Health())
	}
	if got := all(t, j, nil); len(got) != 1 {
		t.Fatalf("read %d entries", len(got))
	}
	if err := j.Close(within(t)); !errors.Is(err, journal.ErrFailed) {
		t.Fatalf("Close: %v", err)
	}
	for name, after := range map[string]*crashfs.FS{"kill": fs.Kill(), "crash": fs.Crash(func(int) int { return 0 })} {
		j := open(t, "j", journal.Options{FS: after})
		if got := all(t, j, nil); len(got) == 0 || string(got[0].Msg.Data.Raw()) != `["kept"]` {
			t.Fatalf("after %s: %v", name, got)
		}
		appendAll(t, j, pub("t", protocol.QoS1, `["new"]`))
		settle(t, j)
		closed(t, j)
	}
}

// Fault 4.
func TestFullDisk(t *testing.T) {
	fs := crashfs.New()
	opts := journal.Options{FS: fs, SegmentBytes: 4 << 10}
	j := open(t, "j", opts)
	news := listen(j)
	big := `["` + strings.Repeat("x", 1000) + `"]`
	appendAll(t, j, pub("t", protocol.QoS1, big))
	settle(t, j)
	fs.SetCapacity(3000)
	for range 5 {
		appendAll(t, j, pub("t", protocol.QoS2, big)) // taken: the disk is not known to be full
	}
	j.Commit()
	waitFor(t, j, journal.Full)
	if err := j.Append(pub("t", protocol.QoS1, `[]`)); !errors.Is(err, journal.ErrFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("QoS1: %v", err)
	}
	if err := j.Append(pub("t", protocol.QoS0, `[]`), pub("t", protocol.QoS2, `[]`)); !errors.Is(err, journal.ErrFull) {
		t.Fatalf("QoS0 and QoS2: %v", err)
	}
	if j.End() != 6 {
		t.Fatalf("a refused entry took a number: end %d", j.End())
	}
	appendAll(t, j, pub("t", protocol.QoS0, `[]`))
	if j.End() != 7 || j.Health().Unstored != 1 {
		t.Fatalf("QoS0: end %d, health %+v", j.End(), j.Health())
	}
	if err := j.Room(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := all(t, j, nil); len(got) != 1 {
		t.Fatalf("consumers read %d entries, want 1", len(got))
	}
	fs.SetCapacity(0)
	news.reach(t, 7)
	if h := j.Health(); h.State != journal.OK {
		t.Fatalf("health %+v", h)
	}
	appendAll(t, j, pub("t", protocol.QoS1, `["again"]`))
	settle(t, j)
	for range 2 {
		got := all(t, j, nil)
		if len(got) != 7 || got[6].Seq != 8 {
			t.Fatalf("read %d entries", len(got))
		}
		if d := j.Damage(); len(d) != 0 {
			t.Fatal(d)
		}
		closed(t, j)
		j = open(t, "j", opts)
	}
}

func waitFor(t *testing.T, j *journal.Journal, want journal.State) {
	t.Helper()
	for ctx := within(t); j.Health().State != want; {
		if ctx.Err() != nil {
			t.Fatalf("health stays %+v", j.Health())
		}
	}
}

// Fault 4: a full disk does not keep Close for ever.
func TestCloseOnFullDisk(t *testing.T) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs})
	news := listen(j)
	fs.SetCapacity(10)
	appendAll(t, j, pub("t", protocol.QoS1, `[]`))
	j.Commit()
	waitFor(t, j, journal.Full)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := j.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := j.Close(within(t)); !errors.Is(err, journal.ErrFailed) {
		t.Fatalf("what was lost was not said: %v", err)
	}
	if err := news.failure(t); !errors.Is(err, journal.ErrFailed) {
		t.Fatal(err)
	}
}

// A journal on a full disk opens, serves readers and goes on when there is room.
func TestOpenOnFullDisk(t *testing.T) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs})
	appendAll(t, j, pub("t", protocol.QoS1, `[]`))
	closed(t, j)
	fs.SetCapacity(1)
	j = open(t, "j", journal.Options{FS: fs})
	news := listen(j)
	if got := all(t, j, nil); len(got) != 1 {
		t.Fatalf("read %d entries", len(got))
	}
	appendAll(t, j, pub("t", protocol.QoS1, `[]`))
	waitFor(t, j, journal.Full)
	fs.SetCapacity(0)
	news.reach(t, 2)
	closed(t, j)
}

// Fault 20: no descriptor for the next file is a pause, not an end.
func TestNoDescriptorIsAPause(t *testing.T) {
	fs := crashfs.New()
	var refuse atomic.Bool
	refuse.Store(true)
	fs.Hook(func(op crashfs.Op, _ string) error {
		if op == crashfs.OpCreate && refuse.Load() {
			return syscall.EMFILE
		}
		return nil
	})
	j := open(t, "j", journal.Options{FS: fs})
	news := listen(j)
	appendAll(t, j, pub("t", protocol.QoS1, `[]`))
	j.Commit()
	waitFor(t, j, journal.Full)
	refuse.Store(false)
	news.reach(t, 1)
	closed(t, j)
}

// Fault 4, on a real file system.
func TestFullTmpfs(t *testing.T) {
	dir := t.TempDir()
	if err := mountTmpfs(dir, "size=256k"); err != nil {
		t.Skip("a small file system cannot be mounted here: ", err)
	}
	t.Cleanup(func() {
		if err := unmount(dir); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 128<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, filepath.Join(dir, "j"), journal.Options{SegmentBytes: 16 << 10})
	news := listen(j)
	var accepted []string
	big := strings.Repeat("x", 1000)
	for i := 0; ; i++ {
		e := pub("t", protocol.QoS2, fmt.Sprintf(`["%d%s"]`, i, big))
		if err := j.Append(e); errors.Is(err, journal.ErrFull) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		accepted = append(accepted, text(e))
		j.Commit()
		if err := j.Room(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	end := j.End()
	if j.Durable() < end {
		// room for what was accepted may need more than the ballast: the whole disk
		if err := remount(dir, "size=64m"); err != nil {
			t.Fatal(err)
		}
		news.reach(t, end)
	}
	closed(t, j)
	j = open(t, filepath.Join(dir, "j"), journal.Options{})
	got := all(t, j, nil)
	if len(got) != len(accepted) {
		t.Fatalf("%d entries, %d were accepted", len(got), len(accepted))
	}
	for i, e := range got {
		if text(e) != accepted[i] {
			t.Fatalf("entry %d is %.100s, want %.100s", i, text(e), accepted[i])
		}
	}
	closed(t, j)
}
