package lake

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// DuckDB's memory limit is for what its buffer manager hands out. Some aggregates keep
// their states elsewhere: a digest of 3 KB for each group of approx_quantile, the texts of
// max. So a query is watched too, and ends when the process has grown too far; and when
// what sorts and joins put on the disk would leave the journal no room.
const (
	watchEvery = 20 * time.Millisecond
	watchDisk  = 1 << 30  // bytes to be left free, or a tenth of a small disk
	watchSpill = 16 << 20 // bytes of which no query is suspected
)

// watchSlack is how far, in bytes: half of DuckDB's limit, within bounds.
func watchSlack(limit int64) int64 { return max(256<<20, min(limit/2, 512<<20)) }

var (
	errMemory = errors.New("lake: a query needs too much memory")
	errDisk   = errors.New("lake: a query needs too much room on the disk")
)

// watched returns a context that ends, with errMemory as its cause, when the memory
// outside of Go's exceeds limit, or what it was at the first look, by the slack; with
// errDisk, when the disk of dir gets full meanwhile. Where the system does not tell, it
// does not. What ends before the first look costs nothing.
func watched(ctx context.Context, limit int64, dir string) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if limit <= 0 {
		return ctx, func() { cancel(nil) }
	}
	done := make(chan struct{})
	first := time.AfterFunc(watchEvery, func() {
		defer close(done)
		watch(ctx, cancel, limit, dir)
	})
	return ctx, func() {
		cancel(nil)
		if !first.Stop() {
			<-done
		}
	}
}

// watch looks at memory and disk until ctx ends, or ends it.
func watch(ctx context.Context, cancel context.CancelCauseFunc, limit int64, dir string) {
	before, ok := foreignMemory()
	if !ok {
		return
	}
	most := max(before, limit) + watchSlack(limit)
	room, size, _ := freeDisk(dir)
	least := min(watchDisk, size/10, room-watchSpill)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now, _ := foreignMemory(); now > most {
			cancel(errMemory)
			return
		}
		if free, _, ok := freeDisk(dir); ok && free < least {
			cancel(errDisk)
			return
		}
	}
}

// bytesOf reads a size as DuckDB takes it, such as 512MB or 1.5 GiB; 0 when it is
// something else, such as a share.
func bytesOf(size string) int64 {
	at := strings.IndexFunc(size, unicode.IsLetter)
	if at < 0 {
		return 0
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(size[:at]), 64)
	if err != nil || n < 0 {
		return 0
	}
	unit := strings.ToLower(size[at:])
	if unit == "b" || unit == "byte" || unit == "bytes" {
		return int64(n)
	}
	base := 1000.0
	if strings.HasSuffix(unit, "ib") {
		base = 1024
	}
	for _, prefix := range "kmgt" {
		n *= base
		if strings.HasPrefix(unit, string(prefix)) {
			return int64(n)
		}
	}
	return 0
}
