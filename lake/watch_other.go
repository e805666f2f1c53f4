//go:build !linux

package lake

// foreignMemory is known on Linux only.
func foreignMemory() (bytes int64, ok bool) { return 0, false }
