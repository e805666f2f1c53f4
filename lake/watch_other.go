//go:build !linux

package lake

// foreignMemory is known on Linux only.
func foreignMemory() (bytes int64, ok bool) { return 0, false }

// freeDisk is known on Linux only.
func freeDisk(string) (free, size int64, ok bool) { return 0, 0, false }
