package journal

import (
	"errors"

	"github.com/rembus-go/rembus/internal/vfs"
)

// Sentinels for errors.Is.
var (
	// ErrFull refuses an Append while the hard cap is reached or the disk is
	// full. It passes; nothing of the Append was taken.
	ErrFull = errors.New("journal: full")
	// ErrFailed refuses everything but reading after a failed write or fsync,
	// until the journal is opened again.
	ErrFailed = errors.New("journal: failed, read-only until restart")
	// ErrClosed refuses everything after Close.
	ErrClosed = errors.New("journal: closed")
	// ErrTooLarge refuses an entry or state that does not fit a record.
	ErrTooLarge = errors.New("journal: too large for a record")
	// ErrLocked refuses a directory that another process has open.
	ErrLocked = vfs.ErrLocked
	// ErrVersion refuses a directory with a file of an unknown format version.
	ErrVersion = errors.New("journal: unknown format version")
)
