// Package vfs is the little of a file system that durable storage needs, behind
// an interface, so that tests can lose unsynced writes, fail an fsync and fill
// the disk (package crashfs).
package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// ErrLocked is the error of a lock that another process holds.
var ErrLocked = errors.New("in use by another process")

// FS is a file system. Names are paths of the operating system. Safe for
// concurrent use.
type FS interface {
	// MkdirAll makes dir, with its parents, for the owner only.
	MkdirAll(dir string) error
	// List returns the names in dir, sorted.
	List(dir string) ([]string, error)
	// OpenFile opens name as [os.OpenFile] does.
	OpenFile(name string, flag int) (File, error)
	// Remove unlinks a file; who has it open can go on reading.
	Remove(name string) error
	// SyncDir makes what was created in and removed from dir durable.
	SyncDir(dir string) error
	// Lock takes the lock file name for this process until it is closed. The
	// error is [ErrLocked] when somebody else has it.
	Lock(name string) (io.Closer, error)
}

// File is an open file. Reading and writing at positions are safe for concurrent
// use.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
}

// OS is the file system of the operating system.
type OS struct{}

var _ FS = OS{}

// MkdirAll implements [FS].
func (OS) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o700) }

// List implements [FS].
func (OS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// OpenFile implements [FS].
func (OS) OpenFile(name string, flag int) (File, error) {
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err // not a nil *os.File in a File
	}
	return f, nil
}

// Remove implements [FS].
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncDir implements [FS].
func (OS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // directories cannot be synced there, and need not be
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Lock implements [FS].
func (OS) Lock(name string) (io.Closer, error) { return lockFile(name) }
