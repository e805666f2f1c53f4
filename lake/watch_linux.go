package lake

import (
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
)

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
