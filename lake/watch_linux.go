package lake

import (
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
)

// freeDisk is how much of the disk of dir is free for the process, and how large it is,
// in bytes.
func freeDisk(dir string) (free, size int64, ok bool) {
	var s syscall.Statfs_t
	if dir == "" || syscall.Statfs(dir, &s) != nil {
		return 0, 0, false
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize, true
}

// foreignMemory is how much memory the process has that is not Go's, in bytes.
func foreignMemory() (bytes int64, ok bool) {
	text, err := os.ReadFile("/proc/self/statm") // size, resident and more, in pages
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, false
	}
	own := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(own)
	return pages*int64(os.Getpagesize()) - int64(own[0].Value.Uint64()-own[1].Value.Uint64()), true
}
