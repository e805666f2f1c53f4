package journal_test

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

func segments(t testing.TB, fs *crashfs.FS) (names []string) {
	t.Helper()
	all, err := fs.List("j")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if strings.HasSuffix(name, ".seg") {
			names = append(names, name)
		}
	}
	return names
}

// fill appends entries of 1 KiB, each in a batch of its own.
func fill(t testing.TB, j *journal.Journal, n int) {
	t.Helper()
	for range n {
		appendAll(t, j, pub("t", protocol.QoS1, strings.Repeat("1", 1000)))
		settle(t, j)
	}
}

func TestRetentionByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := crashfs.New()
		opts := journal.Options{FS: fs, SegmentBytes: 4 << 10, RetentionAge: time.Hour}
		j := open(t, "j", opts)
		if err := j.PutState("bob", []byte("kept"), nil); err != nil {
			t.Fatal(err)
		}
		fill(t, j, 10)
		time.Sleep(30 * time.Minute)
		fill(t, j, 10)
		time.Sleep(29 * time.Minute)
		if j.First() != 1 {
			t.Fatalf("entries expired early: first %d", j.First())
		}
		time.Sleep(10 * time.Minute)
		first := j.First()
		if first <= 8 || first > 11 {
			t.Fatalf("after 69 minutes the first is %d", first)
		}
		if got := all(t, j, nil); got[0].Seq != first || len(got) != int(21-first) {
			t.Fatalf("read %d entries from %d", len(got), got[0].Seq)
		}
		time.Sleep(2 * time.Hour)
		if j.First() != 21 || len(all(t, j, nil)) != 0 || len(segments(t, fs)) != 1 {
			t.Fatalf("first %d, files %v", j.First(), segments(t, fs))
		}
		closed(t, j)
		j = open(t, "j", opts)
		if got := states(t, j); got["bob"] != "kept" {
			t.Fatalf("states %v", got)
		}
		appendAll(t, j, pub("t", protocol.QoS0, `[]`))
		if j.End() != 21 {
			t.Fatalf("end %d: a number is given again", j.End())
		}
		closed(t, j)
	})
}

// Fault 12: the times of entries jump by an hour, forwards and back, within a
// run and between runs.
func TestClockJumpsExpireNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := crashfs.New()
		opts := journal.Options{FS: fs, SegmentBytes: 4 << 10, RetentionAge: time.Hour}
		n := 0
		for run, jump := range []time.Duration{0, time.Hour, -time.Hour, 24 * time.Hour} {
			j := open(t, "j", opts)
			for range 10 {
				e := pub("t", protocol.QoS1, strings.Repeat("1", 1000))
				e.Time = time.Now().Add(jump).UnixNano()
				appendAll(t, j, e)
				settle(t, j)
				n++
			}
			time.Sleep(10 * time.Minute)
			if got := all(t, j, nil); len(got) != n {
				t.Fatalf("run %d: %d of %d entries are left", run, len(got), n)
			}
			for i, e := range all(t, j, nil) {
				if e.Seq != uint64(i+1) {
					t.Fatalf("entry %d has number %d", i, e.Seq)
				}
			}
			if run == 2 {
				fs = fs.Kill()
				opts.FS = fs
				continue
			}
			closed(t, j)
			time.Sleep(24 * time.Hour) // no broker runs: that does not count
		}
		j := open(t, "j", opts)
		time.Sleep(3 * time.Hour)
		fill(t, j, 1) // the first write of the run takes over the states
		time.Sleep(3 * time.Hour)
		if got := all(t, j, nil); len(got) != 0 {
			t.Fatalf("%d entries do not expire", len(got))
		}
		closed(t, j)
	})
}

func TestRetentionBySizeWaitsForTheLake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := crashfs.New()
		var lake atomic.Uint64
		j := open(t, "j", journal.Options{
			FS: fs, SegmentBytes: 4 << 10, RetentionBytes: 16 << 10, HardCap: 64 << 10, Keep: lake.Load,
		})
		fill(t, j, 30)
		time.Sleep(time.Minute)
		if j.First() != 1 {
			t.Fatalf("first %d: the lake had not read it", j.First())
		}
		lake.Store(20)
		time.Sleep(time.Minute)
		first := j.First()
		if first < 15 || first > 21 {
			t.Fatalf("first %d", first)
		}
		lake.Store(30)
		time.Sleep(time.Minute)
		if bytes := j.Health().Bytes; bytes > 16<<10 {
			t.Fatalf("%d bytes are kept", bytes)
		}
		if got := all(t, j, nil); len(got) == 0 || got[0].Seq != j.First() {
			t.Fatalf("read %d entries, first is %d", len(got), j.First())
		}
		closed(t, j)
	})
}

func TestHardCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := crashfs.New()
		var lake atomic.Uint64
		opts := journal.Options{FS: fs, SegmentBytes: 4 << 10, RetentionBytes: 16 << 10, HardCap: 32 << 10, Keep: lake.Load}
		j := open(t, "j", opts)
		news := listen(j)
		var err error
		for i := 0; err == nil && i < 100; i++ {
			err = j.Append(pub("t", protocol.QoS1, strings.Repeat("1", 1000)))
			synctest.Wait()
		}
		stored := j.End()
		if !errors.Is(err, journal.ErrFull) || stored < 20 || stored > 32 {
			t.Fatalf("%v after %d entries", err, stored)
		}
		if h := j.Health(); h.State != journal.Full { // though smaller ones might fit
			t.Fatalf("%+v", h)
		}
		for range 1000 { // QoS0 passes, states are kept, nothing grows
			appendAll(t, j, pub("t", protocol.QoS0, strings.Repeat("0", 1000)))
			if err := j.PutState("bob", []byte(strings.Repeat("s", 100)), nil); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
		}
		settle(t, j)
		news.reach(t, j.End())
		h := j.Health()
		if h.Unstored < 990 || h.Bytes > opts.HardCap+2*opts.SegmentBytes {
			t.Fatalf("%+v", h)
		}
		if got := all(t, j, nil); j.Durable() != stored+1000 || len(got) != int(stored+1000-h.Unstored) {
			t.Fatalf("durable %d, read %d", j.Durable(), len(got))
		}
		lake.Store(j.Durable())
		time.Sleep(time.Minute)
		fill(t, j, 1)
		if h := j.Health(); h.State != journal.OK {
			t.Fatalf("%+v", h)
		}
		closed(t, j)
	})
}

// A reader whose segment is removed goes on with what is kept.
func TestReaderOfAnExpiredSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := crashfs.New()
		j := open(t, "j", journal.Options{FS: fs, SegmentBytes: 4 << 10, RetentionBytes: 8 << 10, HardCap: 64 << 10})
		fill(t, j, 2)
		_, next, err := j.Read(0, 1, nil)
		if err != nil || next != 2 {
			t.Fatal(next, err)
		}
		fill(t, j, 30)
		entries, next, err := j.Read(next, math.MaxInt, nil)
		if err != nil || len(entries) == 0 || entries[0].Seq != j.First() || entries[0].Seq < 20 || next != 33 {
			t.Fatalf("%d entries, next %d, first %d: %v", len(entries), next, j.First(), err)
		}
		closed(t, j)
	})
}

// Each segment begins with all states, so the older ones may go.
func TestStatesSurviveTheirSegments(t *testing.T) {
	fs := crashfs.New()
	opts := journal.Options{FS: fs, SegmentBytes: 4 << 10, RetentionBytes: 8 << 10, HardCap: 64 << 10}
	j := open(t, "j", opts)
	want := map[string]string{}
	for i := range 20 {
		name := fmt.Sprint("twin", i)
		want[name] = strings.Repeat(name, 5)
		if err := j.PutState(name, []byte(want[name]), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.PutState("twin7", nil, nil); err != nil {
		t.Fatal(err)
	}
	delete(want, "twin7")
	if err := j.PutState("twin8", []byte{}, nil); err != nil {
		t.Fatal(err)
	}
	want["twin8"] = ""
	fill(t, j, 30)
	if names := segments(t, fs); filepath.Join("j", names[0]) == firstSegment {
		t.Fatalf("nothing was removed: %v", names)
	}
	for range 3 {
		closed(t, j)
		j = open(t, "j", opts)
		got := states(t, j)
		if len(got) != len(want) {
			t.Fatalf("%d states, want %d", len(got), len(want))
		}
		for name, state := range want {
			if s, ok := got[name]; !ok || s != state {
				t.Fatalf("%s is %q, want %q", name, s, state)
			}
		}
	}
}
