package journal

import (
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"testing"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/protocol"
)

// seedFiles returns a segment and its sidecar, as they are written.
func seedFiles(f *testing.F) (segment, sidecar []byte) {
	fs := crashfs.New()
	j, err := Open("j", Options{FS: fs})
	if err != nil {
		f.Fatal(err)
	}
	for i := range 3 {
		data := protocol.NewPayload(protocol.Encoding(i%2), fmt.Append(nil, i))
		e := &protocol.Entry{From: "alice", Time: 1, Kind: protocol.EntryKind(i), Msg: &protocol.Message{Topic: "a/b", QoS: protocol.QoS(i), ID: protocol.NumberID(7), HasSlot: i > 0, Origin: int64(i), Data: data}}
		if err := j.Append(e); err != nil {
			f.Fatal(err)
		}
	}
	for name, state := range map[string][]byte{"bob": []byte("state"), "carol": nil} {
		if err := j.PutState(name, state, nil); err != nil {
			f.Fatal(err)
		}
	}
	if err := j.Close(context.Background()); err != nil {
		f.Fatal(err)
	}
	segment, err = readFile(fs, "j/000000000001.seg", math.MaxInt32)
	if err != nil {
		f.Fatal(err)
	}
	if sidecar, err = readFile(fs, "j/000000000001.idx", math.MaxInt32); err != nil {
		f.Fatal(err)
	}
	return segment, sidecar
}

func put(t *testing.T, fs FS, name string, b []byte) {
	t.Helper()
	f, err := fs.OpenFile(name, os.O_CREATE|os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		t.Fatal(err)
	}
}

// repair makes all checksums right, so that the fuzzer gets behind them.
func repair(b []byte) {
	if len(b) < fileHeadSize {
		return
	}
	copy(b, fileMagic)
	le.PutUint32(b[8:], fileVersion)
	le.PutUint32(b[12:], crc32.Checksum(b[:12], castagnoli))
	mark := max(1, le.Uint32(b[16:]))
	le.PutUint32(b[16:], mark)
	le.PutUint32(b[20:], crc32.Update(mark, castagnoli, b[24:fileHeadSize]))
	for b = b[fileHeadSize:]; len(b) >= recordSize; {
		var r record
		r.parse(b)
		if r.length < r.head() || r.length > len(b) {
			return
		}
		seal(b[:r.head()], b[r.head():r.length], mark)
		b = b[r.length:]
	}
}

// FuzzSegment opens and reads whatever stands in a segment. Nothing panics,
// what is read is in order, and the file stays as it is.
func FuzzSegment(f *testing.F) {
	segment, _ := seedFiles(f)
	f.Add(segment, false)
	f.Add(segment, true)
	f.Add(segment[:len(segment)-30], false)
	f.Fuzz(func(t *testing.T, b []byte, repaired bool) {
		if repaired {
			repair(b)
		}
		fs := crashfs.New()
		name := "j/" + segmentName(1)
		put(t, fs, name, b)
		j, err := Open("j", Options{FS: fs})
		if err != nil {
			return
		}
		last := uint64(0)
		for from := uint64(0); from <= j.Durable(); {
			entries, next, err := j.Read(from, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if e.Seq <= last || e.Seq < from || e.Seq >= next {
					t.Fatalf("entry %d after %d, read from %d to %d", e.Seq, last, from, next)
				}
				last = e.Seq
			}
			if next <= from {
				t.Fatalf("from %d to %d", from, next)
			}
			from = next
		}
		e := &protocol.Entry{Msg: protocol.NewPub("t", nil)}
		if err := j.Append(e); err != nil || e.Seq <= last {
			t.Fatalf("number %d after %d: %v", e.Seq, last, err)
		}
		if err := j.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		after, err := readFile(fs, name, math.MaxInt32)
		if err == nil && string(after) != string(b) {
			t.Fatal("the file was changed")
		}
	})
}

// FuzzSidecar puts anything beside a good segment: all entries are read, or
// those that the index, having the right checksum, claims.
func FuzzSidecar(f *testing.F) {
	segment, sidecar := seedFiles(f)
	f.Add(sidecar, false)
	f.Add(sidecar, true)
	f.Fuzz(func(t *testing.T, b []byte, repaired bool) {
		if n := len(b) - 4; repaired && n >= 0 {
			le.PutUint32(b[n:], crc32.Checksum(b[:n], castagnoli))
		}
		fs := crashfs.New()
		put(t, fs, "j/"+segmentName(1), segment)
		put(t, fs, "j/000000000001.idx", b)
		segs, err := list(fs, "j")
		if err != nil {
			t.Fatal(err)
		}
		s := segs[0]
		loader := loader{report: func(Damage) {}}
		side, err := loader.load(s, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		l := log{segments: segs, durable: s.maxSeq, report: func(Damage) {}}
		for from := uint64(0); from <= l.durable; {
			entries, next, err := l.read(from, 1, nil)
			if err != nil || next <= from {
				t.Fatalf("from %d to %d: %v", from, next, err)
			}
			if from = next; len(entries) == 0 && !side && from <= l.durable {
				t.Fatalf("nothing below %d", from)
			}
		}
	})
}
