package journal

import "github.com/rembus-go/rembus/internal/vfs"

// FS is the file system under a journal; see [Options].
type FS = vfs.FS

// File is an open file of an [FS].
type File = vfs.File
