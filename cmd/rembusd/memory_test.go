package main

import (
	"testing"
	"testing/fstest"
)

func TestDefaultLakeMemory(t *testing.T) {
	const (
		meminfo = "proc/meminfo"
		group   = "proc/self/cgroup"
		total   = "MemTotal:       16777216 kB\nMemFree:         1 kB\n"
	)
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no Linux":           {nil, "1GiB"},
		"a machine":          {map[string]string{meminfo: total}, "4GiB"},
		"a small machine":    {map[string]string{meminfo: "MemTotal: 1000000 kB\n"}, "512MiB"},
		"an odd machine":     {map[string]string{meminfo: "MemTotal: 4000001 kB\n"}, "976MiB"},
		"no number":          {map[string]string{meminfo: "MemTotal: lots kB\n"}, "1GiB"},
		"version 2":          {map[string]string{meminfo: total, group: "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "4294967296\n"}, "1GiB"},
		"a group around":     {map[string]string{meminfo: total, group: "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "8589934592\n", "sys/fs/cgroup/a/b/memory.max": "max\n"}, "2GiB"},
		"in a container":     {map[string]string{meminfo: total, group: "0::/\n", "sys/fs/cgroup/memory.max": "4294967296\n"}, "1GiB"},
		"version 1":          {map[string]string{meminfo: total, group: "9:cpu:/x\n4:memory:/a\n0::/\n", "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "4294967296\n"}, "1GiB"},
		"version 1, host's":  {map[string]string{meminfo: total, group: "4:memory:/docker/1\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "4294967296\n"}, "1GiB"},
		"version 1, no end":  {map[string]string{meminfo: total, group: "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, "4GiB"},
		"more than there is": {map[string]string{meminfo: total, group: "0::/\n", "sys/fs/cgroup/memory.max": "99999999999\n"}, "4GiB"},
		"other controllers":  {map[string]string{meminfo: total, group: "1:cpu:/\nnonsense\n", "sys/fs/cgroup/memory.max": "1000\n"}, "4GiB"},
		"outside":            {map[string]string{meminfo: total, group: "0::/../..\n", "sys/fs/cgroup/memory.max": "4294967296\n"}, "1GiB"},
	} {
		system := make(fstest.MapFS)
		for path, text := range c.files {
			system[path] = &fstest.MapFile{Data: []byte(text)}
		}
		got := defaultLakeMemory(system)
		if got.String() != c.want {
			t.Errorf("%s: %s, want %s", name, &got, c.want)
		}
	}
}
