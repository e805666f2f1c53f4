package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// tree is the content of all files of dir.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Stat, Verify and Dump look on while a broker has the log open, and change
// nothing.
func TestInspectARunningLog(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{SegmentBytes: 4 << 10})
	start := time.Now()
	var want []string
	for i := range 60 {
		e := pub(fmt.Sprint("t", i%2), protocol.QoS1, fmt.Sprintf("%0200d", i))
		e.Time = start.Add(time.Duration(i) * time.Second).UnixNano()
		appendAll(t, j, e)
		settle(t, j)
		want = append(want, text(e))
	}
	before := tree(t, dir)
	for name, inspect := range map[string]func(string) (journal.Stats, error){"Stat": journal.Stat, "Verify": journal.Verify} {
		st, err := inspect(dir)
		if err != nil {
			t.Fatal(err)
		}
		if st.First != 1 || st.Last != 60 || st.Entries != 60 || len(st.Segments) < 3 || len(st.Damage) != 0 || st.Bytes < 60*200 {
			t.Errorf("%s: %+v", name, st)
		}
		if s := st.Segments[0]; !s.Closed || s.First != 1 || !slices.Equal(s.Topics, []string{"t0", "t1"}) || s.Created.Before(start.Add(-time.Minute)) {
			t.Errorf("%s: %+v", name, s)
		}
		if st.Segments[len(st.Segments)-1].Closed {
			t.Errorf("%s: the newest is closed", name)
		}
	}
	for _, c := range []struct {
		filter journal.Filter
		want   []string
	}{
		{journal.Filter{}, want},
		{journal.Filter{From: 5, To: 7}, want[4:7]},
		{journal.Filter{From: 60, To: 100}, want[59:]},
		{journal.Filter{From: 61}, nil},
		{journal.Filter{Since: start.Add(10 * time.Second), Until: start.Add(12 * time.Second)}, want[10:12]},
		{journal.Filter{To: 4, Match: func(topic string) bool { return topic == "t1" }}, []string{want[1], want[3]}},
	} {
		var got []string
		err := journal.Dump(dir, c.filter, func(e *protocol.Entry) error {
			got = append(got, text(e))
			return nil
		})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %d entries, want %d; %v", c.filter, len(got), len(c.want), err)
		}
	}
	stop := errors.New("enough")
	if err := journal.Dump(dir, journal.Filter{}, func(*protocol.Entry) error { return stop }); err != stop {
		t.Errorf("Dump goes on after %v", err)
	}
	after := tree(t, dir)
	for name, b := range before {
		if after[name] != b {
			t.Errorf("%s was changed", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d files, there were %d", len(after), len(before))
	}
	closed(t, j)
}

// Fault 7, offline: Verify finds what a sidecar would hide.
func TestVerifyFindsDamage(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, journal.Options{SegmentBytes: 4 << 10})
	fill(t, j, 20)
	closed(t, j)
	name := filepath.Join(dir, filepath.Base(firstSegment))
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, []byte("111"))] ^= 1
	if err := errors.Join(os.WriteFile(name, b, 0o600), os.Chtimes(name, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	st, err := journal.Verify(dir)
	if err != nil || len(st.Damage) != 1 || st.Damage[0].Cut || st.Damage[0].After != 0 || st.Damage[0].Before != 2 {
		t.Fatalf("%+v, %v", st.Damage, err)
	}
	if _, err := journal.Verify(filepath.Join(dir, "nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}
