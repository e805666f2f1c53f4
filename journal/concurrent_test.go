package journal_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// Publishers, readers, states and retention at once: each reader sees each
// publisher's entries in order and, with nothing expired, all of them.
func TestManyAtOnce(t *testing.T) {
	const publishers, each = 4, 3000
	j := open(t, t.TempDir(), journal.Options{SegmentBytes: 64 << 10, MaxUnwritten: 32 << 10, Keep: func() uint64 { return 0 }})
	ctx := within(t)
	var all sync.WaitGroup
	run := func(fn func() error) {
		all.Go(func() {
			if err := fn(); err != nil {
				t.Error(err)
			}
		})
	}
	for p := range publishers {
		run(func() error {
			for i := range each {
				e := pub("t", protocol.QoS(i%2), fmt.Sprint(i))
				e.From = fmt.Sprint(p)
				if err := j.Append(e); err != nil {
					return err
				}
				if i%100 == 0 {
					j.Commit()
				}
				if err := errors.Join(j.Room(ctx), j.PutState(e.From, []byte(fmt.Sprint(i)), nil)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for range 3 {
		run(func() error {
			var seen [publishers]int
			for from, n := uint64(0), 0; n < publishers*each; {
				entries, next, err := j.Read(from, 100, nil)
				if err != nil {
					return err
				}
				for _, e := range entries {
					p := int(e.From[0] - '0')
					if got := string(e.Msg.Data.Raw()); got != fmt.Sprint(seen[p]) {
						return fmt.Errorf("publisher %d: %s after %d", p, got, seen[p])
					}
					seen[p]++
				}
				n += len(entries)
				if from = next; len(entries) == 0 && ctx.Err() != nil {
					return fmt.Errorf("only %v of %d", seen, each)
				}
			}
			return nil
		})
	}
	all.Wait()
	closed(t, j)
}

// Notify is in order, without repeats, and tells of each state after its move.
func TestNotifyIsInOrder(t *testing.T) {
	j := open(t, "j", journal.Options{FS: crashfs.New()})
	var last uint64 // only the notifier touches it before Close
	j.Notify(func(durable uint64, err error) {
		if err != nil || durable <= last {
			t.Errorf("durable %d after %d, %v", durable, last, err)
		}
		last = durable
	})
	states := 0
	for i := range 500 {
		e := pub("t", protocol.QoS1, `[]`)
		appendAll(t, j, e)
		err := j.PutState("bob", []byte("x"), func(err error) {
			if err != nil || last < e.Seq || j.Durable() < e.Seq {
				t.Errorf("the state after %d is durable before it: %d, %v", e.Seq, last, err)
			}
			states++
		})
		if err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			j.Commit()
		}
	}
	closed(t, j)
	if last != 500 || states != 500 {
		t.Fatalf("told of %d and %d states", last, states)
	}
	for name, err := range map[string]error{"Append": j.Append(pub("t", protocol.QoS0, `[]`)), "PutState": j.PutState("x", nil, nil), "Room": j.Room(within(t)), "Close": j.Close(within(t))} {
		if name == "Close" && err != nil || name != "Close" && !errors.Is(err, journal.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

// Without Commit the durable end moves within the interval.
func TestSyncInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := open(t, "j", journal.Options{FS: crashfs.New(), SyncInterval: 100 * time.Millisecond})
		for range 50 {
			start := time.Now()
			appendAll(t, j, pub("t", protocol.QoS0, `[]`))
			moved := make(chan struct{})
			if err := j.PutState("x", nil, func(error) { close(moved) }); err != nil {
				t.Fatal(err)
			}
			<-moved
			if d := time.Since(start); d > 100*time.Millisecond || j.Durable() != j.End() {
				t.Fatalf("after %v durable is %d of %d", d, j.Durable(), j.End())
			}
		}
		closed(t, j)
	})
}

// What is appended while one fsync runs goes with the next one.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := crashfs.New()
		syncs := 0
		hold := make(chan struct{})
		fs.Hook(func(op crashfs.Op, _ string) error {
			if op == crashfs.OpWrite { // holds the file system's lock too: only writers wait
				<-hold
				syncs++
			}
			return nil
		})
		j := open(t, "j", journal.Options{FS: fs, MaxUnwritten: 2000})
		for range 50 {
			appendAll(t, j, pub("t", protocol.QoS1, `[]`))
			j.Commit()
			synctest.Wait()
		}
		room := make(chan error, 1)
		go func() { room <- j.Room(t.Context()) }()
		synctest.Wait()
		select {
		case <-room:
			t.Fatal("there was room")
		default:
		}
		close(hold)
		if err := <-room; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if j.Durable() != 50 || syncs > 4 { // head and snapshot, the first, all others
			t.Fatalf("durable %d after %d writes", j.Durable(), syncs)
		}
		closed(t, j)
	})
}

// Fault 13.
func TestSecondProcessIsRefused(t *testing.T) {
	if dir := os.Getenv("JOURNAL_TEST_DIR"); dir != "" {
		_, err := journal.Open(dir, journal.Options{})
		fmt.Println("second:", errors.Is(err, journal.ErrLocked), err)
		return
	}
	dir := t.TempDir()
	j := open(t, dir, journal.Options{})
	if _, err := journal.Open(dir, journal.Options{}); !errors.Is(err, journal.ErrLocked) {
		t.Fatalf("in the same process: %v", err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSecondProcessIsRefused$")
	cmd.Env = append(os.Environ(), "JOURNAL_TEST_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "second: true") {
		t.Fatalf("%s, %v", out, err)
	}
	fill(t, j, 1)
	closed(t, j)
	closed(t, open(t, dir, journal.Options{}))
}

func TestWrongOptions(t *testing.T) {
	for i, o := range []journal.Options{
		{SegmentBytes: 100}, {SegmentBytes: -1}, {SegmentBytes: 2 << 30}, {HardCap: 1 << 20}, {RetentionBytes: 1}, {RetentionBytes: 16 << 30},
		{RetentionAge: -1}, {RetentionAge: 1 << 62}, {MaxUnwritten: -1}, {SyncInterval: -1}, {SyncInterval: time.Hour},
	} {
		o.FS = crashfs.New()
		if _, err := journal.Open("j", o); err == nil {
			t.Errorf("options %d are accepted", i)
		}
	}
}
