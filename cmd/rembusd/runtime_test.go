package main

import (
	"math"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

// The garbage collector gets what the broker is best served with, unless the environment
// says something else.
func TestThrift(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
	system := fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal: 16777216 kB\n")}}
	t.Setenv("GOGC", "100")
	t.Setenv("GOMEMLIMIT", "1TiB")
	thrift(system)
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != 100 || l != math.MaxInt64 {
		t.Errorf("of the environment: %d%% of garbage, %d bytes", p, l)
	}
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	thrift(system)
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != garbage || l != 8<<30 {
		t.Errorf("%d%% of garbage, %d bytes", p, l)
	}
}
