package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// What DuckDB may use, when nobody says: a quarter of what the process may, since the
// broker, what DuckDB does not count and the system's cache of its file want theirs.
const (
	leastLakeMemory = 512 << 20
	plainLakeMemory = 1 << 30 // where the system does not tell
)

// defaultLakeMemory is whole MiB. system is the root of the file system.
func defaultLakeMemory(system fs.FS) size {
	most := usableMemory(system)
	if most == math.MaxInt64 {
		return plainLakeMemory
	}
	return size(max(most/4, leastLakeMemory)) &^ (1<<20 - 1)
}

// usableMemory is what the process may use at most, in bytes; MaxInt64 where the system
// does not tell.
func usableMemory(system fs.FS) int64 {
	most := physicalMemory(system)
	for _, limit := range cgroupLimits(system) {
		most = min(most, limit)
	}
	return most
}

// physicalMemory reads Linux' /proc/meminfo; MaxInt64 where there is none.
func physicalMemory(system fs.FS) int64 {
	text, err := fs.ReadFile(system, "proc/meminfo")
	if err != nil {
		return math.MaxInt64
	}
	for line := range bytes.Lines(text) {
		if f := strings.Fields(string(line)); len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			if kib, err := strconv.ParseInt(f[1], 10, 64); err == nil && kib > 0 && kib < 1<<50 {
				return kib << 10
			}
		}
	}
	return math.MaxInt64
}

// cgroupLimits returns the limits of the control groups, of either version, that the
// process is in, and of those around them. In a container, the path in /proc may be that
// of the host, and the container's own group then is the root.
func cgroupLimits(system fs.FS) (limits []int64) {
	text, err := fs.ReadFile(system, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		// number:controllers:path, as cgroups(7) says; no controllers in version 2.
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		root, file := "sys/fs/cgroup", "memory.max"
		if parts[1] == "memory" {
			root, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if parts[1] != "" {
			continue
		}
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			text, err := fs.ReadFile(system, path.Join(root, group, file))
			if limit, bad := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && bad == nil && limit > 0 {
				limits = append(limits, limit)
			}
			if group == "/" {
				break
			}
		}
	}
	return limits
}
