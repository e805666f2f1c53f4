package lake

import (
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// reportEvery is the shortest time between two lines about refused rows.
const reportEvery = time.Second

// reporter counts refused rows and logs them at a bounded rate.
type reporter struct {
	logger *slog.Logger
	count  atomic.Uint64

	mu     sync.Mutex
	last   time.Time // when the last line was written
	silent uint64    // rows refused since, not mentioned
}

// refuse takes note of rows of one message that were left out. The reason may
// hold a piece of what was sent, quoted.
func (r *reporter) refuse(topic string, seq uint64, rows uint64, reason error) {
	r.count.Add(rows)
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.last) >= reportEvery {
		r.logger.Warn("rows refused", "topic", strconv.QuoteToASCII(topic), "seq", seq, "rows", rows,
			"reason", plainError(reason), "unreported", r.silent)
		r.last, r.silent = now, 0
		return
	}
	r.silent += rows
}
