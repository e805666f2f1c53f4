package crashfs

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/rembus-go/rembus/internal/vfs"
)

// ErrCrashed is the error of everything after a crash or kill.
var ErrCrashed = errors.New("crashfs: the process is gone")

// Op names an operation for a hook.
type Op string

// The operations that a hook sees.
const (
	OpOpen     Op = "open"
	OpCreate   Op = "create"
	OpRead     Op = "read"
	OpWrite    Op = "write"
	OpSync     Op = "sync"
	OpTruncate Op = "truncate"
	OpRemove   Op = "remove"
	OpSyncDir  Op = "syncdir"
)

// Dice returns a number from 0 to n-1: math/rand's IntN, or what a property
// test draws.
type Dice func(n int) int

// FS is the file system as one process sees it. Safe for concurrent use.
type FS struct {
	mu       sync.Mutex // protects following, and all nodes
	names    map[string]*node
	durable  map[string]*node // the names after the worst crash
	locks    map[string]bool
	capacity int64
	hook     func(op Op, name string) error
	dead     bool
}

var _ vfs.FS = (*FS)(nil)

// New returns an empty file system.
func New() *FS {
	return &FS{names: map[string]*node{}, durable: map[string]*node{}, locks: map[string]bool{}}
}

// Hook sets the function that is called before each operation and may fail it;
// nil removes it. It must not use the file system.
func (f *FS) Hook(fn func(op Op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = fn
}

// SetCapacity lets all files together have so many bytes; 0: any.
func (f *FS) SetCapacity(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capacity = bytes
}

// Kill ends the process and returns the file system for the next one: nothing
// is lost, no lock is held.
func (f *FS) Kill() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	next := New()
	next.names, next.durable, next.capacity = maps.Clone(f.names), maps.Clone(f.durable), f.capacity
	return next
}

// Crash cuts the power and returns the file system for the next process: with
// what was synced, and of the rest what dice leave.
func (f *FS) Crash(dice Dice) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	next := New()
	next.capacity = f.capacity
	all := maps.Clone(f.durable)
	maps.Copy(all, f.names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		now, then := f.names[name], f.durable[name]
		n := then
		if now != then && dice(2) == 0 {
			n = now
		}
		if n != nil {
			n = n.crashed(dice)
			next.names[name], next.durable[name] = n, n
		}
	}
	return next
}

// enter begins an operation: the caller unlocks mu, whatever the error.
func (f *FS) enter(op Op, name string) error {
	f.mu.Lock()
	if f.dead {
		return ErrCrashed
	}
	if f.hook == nil {
		return nil
	}
	return f.hook(op, name)
}

// MkdirAll implements [vfs.FS]: directories are there when they are named.
func (f *FS) MkdirAll(string) error { return nil }

// List implements [vfs.FS].
func (f *FS) List(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return nil, ErrCrashed
	}
	var names []string
	for name := range f.names {
		if filepath.Dir(name) == filepath.Clean(dir) {
			names = append(names, filepath.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// OpenFile implements [vfs.FS].
func (f *FS) OpenFile(name string, flag int) (vfs.File, error) {
	name = filepath.Clean(name)
	op := OpOpen
	if flag&os.O_CREATE != 0 {
		op = OpCreate
	}
	err := f.enter(op, name)
	defer f.mu.Unlock()
	n := f.names[name]
	switch {
	case err != nil:
	case n == nil && flag&os.O_CREATE == 0:
		err = fs.ErrNotExist
	case n != nil && flag&os.O_EXCL != 0:
		err = fs.ErrExist
	case n == nil:
		n = &node{}
		f.names[name] = n
	case flag&os.O_TRUNC != 0:
		n.change(change{})
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{fs: f, name: name, node: n}, nil
}

// Remove implements [vfs.FS].
func (f *FS) Remove(name string) error {
	name = filepath.Clean(name)
	err := f.enter(OpRemove, name)
	defer f.mu.Unlock()
	if err == nil && f.names[name] == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	delete(f.names, name)
	return nil
}

// SyncDir implements [vfs.FS].
func (f *FS) SyncDir(dir string) error {
	err := f.enter(OpSyncDir, dir)
	defer f.mu.Unlock()
	if err != nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	in := func(name string, _ *node) bool { return filepath.Dir(name) == filepath.Clean(dir) }
	maps.DeleteFunc(f.durable, in)
	for name, n := range f.names {
		if in(name, n) {
			f.durable[name] = n
		}
	}
	return nil
}

// Lock implements [vfs.FS].
func (f *FS) Lock(name string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return nil, ErrCrashed
	}
	if f.locks[name] {
		return nil, vfs.ErrLocked
	}
	f.locks[name] = true
	return lock{f, name}, nil
}

type lock struct {
	fs   *FS
	name string
}

func (l lock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	delete(l.fs.locks, l.name)
	return nil
}

// used is the size of all files. The caller holds mu.
func (f *FS) used() (n int64) {
	for _, node := range f.names {
		n += int64(len(node.data))
	}
	return n
}

// room says how many of n bytes at offset of a file of size bytes fit on the
// disk. The caller holds mu.
func (f *FS) room(size, offset int64, n int) (int, error) {
	if f.capacity == 0 {
		return n, nil
	}
	free := max(0, f.capacity-f.used())
	if grow := offset + int64(n) - size; grow > free {
		return int(max(0, min(int64(n), size+free-offset))), syscall.ENOSPC
	}
	return n, nil
}
