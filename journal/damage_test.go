package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/internal/vfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// smallLog returns a file system with a log of one segment, closed in order or
// killed, and the texts of its entries.
func smallLog(t testing.TB, killed bool) (fs *crashfs.FS, want []string) {
	fs = crashfs.New()
	j := open(t, "j", journal.Options{FS: fs})
	for i := range 8 {
		e := pub(fmt.Sprint("topic/", i), protocol.QoS(i%3), fmt.Sprint(`["value`, i, `"]`))
		appendAll(t, j, e)
		want = append(want, text(e))
		if i == 3 {
			if err := j.PutState("bob", []byte("state of bob"), nil); err != nil {
				t.Fatal(err)
			}
		}
		settle(t, j)
	}
	if killed {
		return fs.Kill(), want
	}
	closed(t, j)
	return fs, want
}

const firstSegment = "j/000000000001.seg"

func content(t testing.TB, fs vfs.FS, name string) []byte {
	t.Helper()
	f, err := fs.OpenFile(name, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, info.Size())
	if _, err := f.ReadAt(b, 0); err != nil && len(b) > 0 {
		t.Fatal(err)
	}
	return b
}

func withContent(t testing.TB, name string, b []byte) *crashfs.FS {
	t.Helper()
	fs := crashfs.New()
	f, err := fs.OpenFile(name, os.O_CREATE|os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return fs
}

func texts(entries []*protocol.Entry) (s []string) {
	for _, e := range entries {
		s = append(s, text(e))
	}
	return s
}

// Fault 6.
func TestCutAtEveryByte(t *testing.T) {
	fs, want := smallLog(t, true)
	whole := content(t, fs, firstSegment)
	for cut := range whole {
		for name, b := range map[string][]byte{
			"cut":   whole[:cut],
			"zeros": append(bytes.Clone(whole[:cut]), make([]byte, len(whole)-cut)...),
		} {
			fs := withContent(t, firstSegment, b)
			var logged strings.Builder
			opts := journal.Options{FS: fs, Logger: slog.New(slog.NewTextHandler(&logged, nil))}
			j := open(t, "j", opts)
			got := texts(all(t, j, nil))
			if !slices.Equal(got, want[:len(got)]) {
				t.Fatalf("%s at %d: read %q", name, cut, got)
			}
			damage := j.Damage()
			for _, d := range damage {
				if !d.Cut || !bytes.Equal(b[:d.Offset], whole[:d.Offset]) {
					t.Fatalf("%s at %d: %v", name, cut, d)
				}
			}
			if len(damage) > 0 != strings.Contains(logged.String(), "cut off") {
				t.Fatalf("%s at %d: logged %s", name, cut, logged.String())
			}
			if !bytes.Equal(content(t, fs, firstSegment), b) {
				t.Fatalf("%s at %d: the file was changed", name, cut)
			}
			e := pub("t", protocol.QoS1, `["next"]`)
			appendAll(t, j, e)
			closed(t, j)
			j = open(t, "j", opts)
			if again := texts(all(t, j, nil)); !slices.Equal(again, append(got, text(e))) {
				t.Fatalf("%s at %d: read %q after a write", name, cut, again)
			}
			closed(t, j)
		}
	}
}

// Fault 7.
func TestEveryByteFlipped(t *testing.T) {
	fs, want := smallLog(t, false)
	whole := content(t, fs, firstSegment)
	for at := range whole {
		flip := []byte{0x01, 0x80, 0xff}[at%3]
		b := bytes.Clone(whole)
		b[at] ^= flip
		fs := withContent(t, firstSegment, b)
		j := open(t, "j", journal.Options{FS: fs})
		got := texts(all(t, j, nil))
		if missing := lost(want, got); missing < 0 || missing > 1 {
			t.Fatalf("byte %d flipped by %x: read %q", at, flip, got)
		}
		damage := j.Damage()
		if len(damage) != 1 || int64(at) < damage[0].Offset || int64(at) >= damage[0].Offset+damage[0].Bytes {
			t.Fatalf("byte %d flipped by %x: reported %v", at, flip, damage)
		}
		if !bytes.Equal(content(t, fs, firstSegment), b) {
			t.Fatalf("byte %d: the file was changed", at)
		}
		appendAll(t, j, pub("t", protocol.QoS0, `[]`))
		if j.End() != uint64(len(want))+1 {
			t.Fatalf("byte %d: number %d is given again", at, j.End())
		}
		closed(t, j)
		j = open(t, "j", journal.Options{FS: fs})
		if !damage[0].Cut && len(j.Damage()) != 1 { // the mark that the file was closed counts as a cut tail
			t.Fatalf("byte %d: the second start says %v", at, j.Damage())
		}
		closed(t, j)
	}
}

// lost says how many of want are missing in got, -1 when got holds others.
func lost(want, got []string) int {
	i := 0
	for _, w := range want {
		if i < len(got) && got[i] == w {
			i++
		}
	}
	if i < len(got) {
		return -1
	}
	return len(want) - len(got)
}

// Fault 7: a damaged state falls back to what is known, and the other twins
// keep theirs.
func TestDamagedSnapshot(t *testing.T) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs, SegmentBytes: 4 << 10})
	put := func(name, state string) {
		t.Helper()
		if err := j.PutState(name, []byte(state), nil); err != nil {
			t.Fatal(err)
		}
	}
	put("alice", "first state of alice")
	put("bob", "state of bob")
	settle(t, j)
	for range 8 { // several segments, each with a snapshot
		appendAll(t, j, pub("t", protocol.QoS1, `["`+strings.Repeat("x", 2000)+`"]`))
		settle(t, j)
	}
	closed(t, j)
	names, err := fs.List("j")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name, ".seg") {
			continue
		}
		name = filepath.Join("j", name)
		b := content(t, fs, name)
		if i := bytes.Index(b, []byte("state of bob")); i < 0 {
			t.Fatalf("no snapshot in %s", name)
		} else if name != firstSegment {
			flip(t, fs, name, i)
		}
	}
	j = open(t, "j", journal.Options{FS: fs})
	if got := states(t, j); len(got) != 2 || got["bob"] != "state of bob" || got["alice"] != "first state of alice" {
		t.Fatalf("states %v", got)
	}
}

func flip(t testing.TB, fs vfs.FS, name string, at int) {
	t.Helper()
	b := content(t, fs, name)
	f, err := fs.OpenFile(name, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{b[at] ^ 1}, int64(at)); err != nil {
		t.Fatal(err)
	}
}

// Fault 7: a reader meets damage that came while the journal was open.
func TestReaderMeetsDamage(t *testing.T) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs})
	for i := range 5 {
		appendAll(t, j, pub("t", protocol.QoS1, fmt.Sprintf(`["value %d"]`, i)))
	}
	settle(t, j)
	flip(t, fs, firstSegment, bytes.Index(content(t, fs, firstSegment), []byte("value 2")))
	for range 2 {
		if got := all(t, j, nil); len(got) != 4 {
			t.Fatalf("read %v", texts(got))
		}
		damage := j.Damage()
		if len(damage) != 1 || damage[0].After != 2 || damage[0].Before != 4 || damage[0].Cut {
			t.Fatal(damage)
		}
	}
	if h := j.Health(); h.Damaged != 1 {
		t.Fatalf("%+v", h)
	}
}

// No publisher can make data that is taken for a record behind damage.
func TestDataIsNoRecord(t *testing.T) {
	fs, _ := smallLog(t, false)
	forged := content(t, fs, firstSegment) // valid records, of another file
	fs = crashfs.New()
	j := open(t, "j", journal.Options{FS: fs})
	e := &protocol.Entry{Msg: protocol.NewPub("t", protocol.NewPayload(protocol.CBOR, forged))}
	appendAll(t, j, e, pub("t", protocol.QoS0, `["after"]`))
	closed(t, j)
	b := content(t, fs, firstSegment)
	flip(t, fs, firstSegment, bytes.Index(b, forged)-5) // the head of its record
	j = open(t, "j", journal.Options{FS: fs})
	if got := all(t, j, nil); len(got) != 1 || string(got[0].Msg.Data.Raw()) != `["after"]` {
		t.Fatalf("read %q", texts(got))
	}
}

// Fault 14.
func TestUnknownVersionIsRefused(t *testing.T) {
	fs, _ := smallLog(t, false)
	b := content(t, fs, firstSegment)
	binary.LittleEndian.PutUint32(b[8:], 2)
	binary.LittleEndian.PutUint32(b[12:], crc32.Checksum(b[:12], crc32.MakeTable(crc32.Castagnoli)))
	fs = withContent(t, firstSegment, b)
	fs.Hook(func(op crashfs.Op, name string) error {
		if op != crashfs.OpOpen && op != crashfs.OpRead {
			t.Errorf("%s of %s", op, name)
		}
		return nil
	})
	if _, err := journal.Open("j", journal.Options{FS: fs}); !errors.Is(err, journal.ErrVersion) {
		t.Fatal(err)
	}
	fs.Hook(nil)
	if !bytes.Equal(content(t, fs, firstSegment), b) {
		t.Fatal("the file was changed")
	}
	if lock, err := fs.Lock("j/LOCK"); err != nil {
		t.Fatal("the lock was kept")
	} else if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}

// Sidecars are a cache: without them, or with bad ones, all is the same.
func TestSidecarsMayBeLost(t *testing.T) {
	fs := crashfs.New()
	opts := journal.Options{FS: fs, SegmentBytes: 4 << 10}
	j := open(t, "j", opts)
	for i := range 100 {
		appendAll(t, j, pub(fmt.Sprint("t", i), protocol.QoS1, strings.Repeat("1", 200)))
		settle(t, j)
	}
	want := texts(all(t, j, nil))
	closed(t, j)
	names, err := fs.List("j")
	if err != nil {
		t.Fatal(err)
	}
	sidecars := 0
	for _, name := range names {
		if !strings.HasSuffix(name, ".idx") {
			continue
		}
		name = filepath.Join("j", name)
		if sidecars++; sidecars%2 == 0 {
			flip(t, fs, name, sidecars)
		} else if err := fs.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if sidecars < 4 {
		t.Fatalf("only %d sidecars", sidecars)
	}
	j = open(t, "j", opts)
	if got := texts(all(t, j, nil)); !slices.Equal(got, want) {
		t.Fatalf("%d entries, want %d", len(got), len(want))
	}
	if d := j.Damage(); len(d) != 0 {
		t.Fatal(d)
	}
}
