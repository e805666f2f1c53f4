package main

import (
	"io/fs"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

// What the broker asks of the Go runtime; GOGC, GOMEMLIMIT and GOMAXPROCS in the
// environment go before.
const (
	garbage  = 300 // percent of what is in use: a collection makes messages wait, and a broker's heap is small
	inDuckDB = 2   // goroutines that may be in DuckDB at a time without being in the way of others
)

// thrift gives back what the start has used, and sets how much garbage may gather: up
// to half of the memory that the process may use, from where on there is more collecting
// instead. system is the root of the file system.
func thrift(system fs.FS) {
	debug.FreeOSMemory()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	if most := usableMemory(system); os.Getenv("GOMEMLIMIT") == "" && most < math.MaxInt64 {
		debug.SetMemoryLimit(most / 2)
	}
}

// widen lets the runtime run more goroutines at a time than there are processors: one
// that is in DuckDB counts until the runtime looks, which may take 10 ms, and messages
// would wait for it. Which thread runs is then the system's choice, see package lake.
var widen = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + inDuckDB)
	}
})
