package crashfs

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// file is an open file. Its node lives on when the name is removed.
type file struct {
	fs     *FS
	name   string
	node   *node
	closed bool
}

func (f *file) enter(op Op) error {
	err := f.fs.enter(op, f.name)
	if err == nil && f.closed {
		err = fs.ErrClosed
	}
	return err
}

func (f *file) fail(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &fs.PathError{Op: op, Path: f.name, Err: err}
}

// ReadAt implements [io.ReaderAt].
func (f *file) ReadAt(b []byte, offset int64) (int, error) {
	err := f.enter(OpRead)
	defer f.fs.mu.Unlock()
	if err != nil {
		return 0, f.fail("read", err)
	}
	if offset >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.node.data[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements [io.WriterAt].
func (f *file) WriteAt(b []byte, offset int64) (int, error) {
	err := f.enter(OpWrite)
	defer f.fs.mu.Unlock()
	if err != nil {
		return 0, f.fail("write", err)
	}
	n, err := f.fs.room(int64(len(f.node.data)), offset, len(b))
	if n > 0 {
		f.node.change(change{offset, slices.Clone(b[:n])})
	}
	return n, f.fail("write", err)
}

// Sync makes the content durable. When it fails, what was to be synced never
// will be, though it can be read: as with Linux.
func (f *file) Sync() error {
	err := f.enter(OpSync)
	defer f.fs.mu.Unlock()
	switch {
	case err == nil:
		f.node.sync()
	case !errors.Is(err, ErrCrashed):
		f.node.ops = nil
	}
	return f.fail("sync", err)
}

// Truncate cuts or extends the file.
func (f *file) Truncate(size int64) error {
	err := f.enter(OpTruncate)
	defer f.fs.mu.Unlock()
	if err == nil {
		f.node.change(change{offset: size})
	}
	return f.fail("truncate", err)
}

// Stat returns name, size and a modification time that moves with each change.
func (f *file) Stat() (fs.FileInfo, error) {
	err := f.enter(OpOpen)
	defer f.fs.mu.Unlock()
	mod := time.Unix(0, int64(f.node.changes))
	return info{filepath.Base(f.name), int64(len(f.node.data)), mod}, f.fail("stat", err)
}

// Close closes the file.
func (f *file) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	return nil
}
