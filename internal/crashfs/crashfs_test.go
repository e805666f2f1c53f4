package crashfs_test

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/internal/vfs"
)

func create(t *testing.T, f *crashfs.FS, name string) vfs.File {
	t.Helper()
	file, err := f.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func write(t *testing.T, f vfs.File, s string, at int64) {
	t.Helper()
	if n, err := f.WriteAt([]byte(s), at); n != len(s) || err != nil {
		t.Fatal(n, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// content of a file, "-" when it is not there.
func content(t *testing.T, f *crashfs.FS, name string) string {
	t.Helper()
	file, err := f.OpenFile(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return "-"
	}
	must(t, err)
	b, err := io.ReadAll(io.NewSectionReader(file, 0, 1<<20))
	must(t, err)
	return string(b)
}

// outcomes crashes often and returns what became of a file, sorted.
func outcomes(t *testing.T, name string, prepare func(f *crashfs.FS)) []string {
	t.Helper()
	dice := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for range 300 {
		f := crashfs.New()
		prepare(f)
		seen[content(t, f.Crash(dice.IntN), name)] = true
	}
	var all []string
	for s := range seen {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

func TestWhatSurvivesACrash(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(f *crashfs.FS)
		want    []string
	}{
		"synced": {func(f *crashfs.FS) {
			file := create(t, f, "d/a")
			write(t, file, "abc", 0)
			must(t, file.Sync())
			must(t, f.SyncDir("d"))
		}, []string{"abc"}},
		"name not synced": {func(f *crashfs.FS) {
			file := create(t, f, "d/a")
			write(t, file, "abc", 0)
			must(t, file.Sync())
		}, []string{"-", "abc"}},
		"content not synced": {func(f *crashfs.FS) {
			file := create(t, f, "d/a")
			must(t, f.SyncDir("d"))
			write(t, file, "ab", 0)
		}, []string{"", "\x00\x00", "a", "ab"}},
		"overwritten": {func(f *crashfs.FS) {
			file := create(t, f, "d/a")
			write(t, file, "ab", 0)
			must(t, file.Sync())
			must(t, f.SyncDir("d"))
			write(t, file, "xy", 0)
		}, []string{"ab", "xb", "xy"}},
		"truncated": {func(f *crashfs.FS) {
			file := create(t, f, "d/a")
			write(t, file, "abc", 0)
			must(t, file.Sync())
			must(t, f.SyncDir("d"))
			must(t, file.Truncate(1))
		}, []string{"a", "abc"}},
		"removed": {func(f *crashfs.FS) {
			file := create(t, f, "d/a")
			write(t, file, "abc", 0)
			must(t, file.Sync())
			must(t, f.SyncDir("d"))
			must(t, f.Remove("d/a"))
		}, []string{"-", "abc"}},
		"removed for good": {func(f *crashfs.FS) {
			create(t, f, "d/a")
			must(t, f.SyncDir("d"))
			must(t, f.Remove("d/a"))
			must(t, f.SyncDir("d"))
		}, []string{"-"}},
		"failed fsync": {func(f *crashfs.FS) {
			file := create(t, f, "d/a")
			must(t, f.SyncDir("d"))
			write(t, file, "abc", 0)
			f.Hook(func(op crashfs.Op, _ string) error {
				if op == crashfs.OpSync {
					return syscall.EIO
				}
				return nil
			})
			if err := file.Sync(); !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
			f.Hook(nil)
			must(t, file.Sync()) // succeeds, and has forgotten what it was for
			if got := content(t, f, "d/a"); got != "abc" {
				t.Fatal(got)
			}
		}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outcomes(t, "d/a", c.prepare); !slices.Equal(got, c.want) {
				t.Fatalf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestKillLosesNothing(t *testing.T) {
	f := crashfs.New()
	file := create(t, f, "a")
	write(t, file, "abc", 0)
	lock, err := f.Lock("LOCK")
	must(t, err)
	if _, err := f.Lock("LOCK"); !errors.Is(err, vfs.ErrLocked) {
		t.Fatal(err)
	}
	next := f.Kill()
	if got := content(t, next, "a"); got != "abc" {
		t.Fatal(got)
	}
	if _, err := next.Lock("LOCK"); err != nil {
		t.Fatal("the lock outlives its process: ", err)
	}
	must(t, lock.Close()) // the dead process's
	if _, err := file.WriteAt([]byte("x"), 0); !errors.Is(err, crashfs.ErrCrashed) {
		t.Fatal(err)
	}
	if _, err := f.OpenFile("a", os.O_RDONLY); !errors.Is(err, crashfs.ErrCrashed) {
		t.Fatal(err)
	}
}

func TestCapacity(t *testing.T) {
	f := crashfs.New()
	f.SetCapacity(5)
	file := create(t, f, "a")
	write(t, file, "abc", 0)
	if n, err := file.WriteAt([]byte("defg"), 3); n != 2 || !errors.Is(err, syscall.ENOSPC) || !vfs.NoRoom(err) {
		t.Fatal(n, err)
	}
	write(t, file, "xyz", 0) // nothing grows
	must(t, file.Truncate(0))
	write(t, file, "12345", 0)
	f.SetCapacity(0)
	write(t, file, "6", 5)
	if got := content(t, f, "a"); got != "123456" {
		t.Fatal(got)
	}
}
