//go:build unix

package ws

import "golang.org/x/sys/unix"

// openFiles is how many files this process may have open.
func openFiles() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fallbackFiles
	}
	return uint64(limit.Cur)
}
