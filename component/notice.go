package component

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// noticeRate is how many warnings a second are logged; the rest is counted.
const noticeRate = 10

// notices writes to the log at a bounded rate, since handlers can fail as fast
// as messages come.
type notices struct {
	log *slog.Logger

	mu         sync.Mutex // Protects following
	second     time.Time
	written    int
	suppressed int
}

func (n *notices) info(msg string, args ...any) { n.log.Info(msg, args...) }

func (n *notices) warn(err error) {
	n.mu.Lock()
	now := time.Now()
	if now.Sub(n.second) >= time.Second {
		n.second, n.written = now, 0
	}
	n.written++
	over := n.written > noticeRate
	suppressed := n.suppressed
	if n.suppressed = 0; over {
		n.suppressed = suppressed + 1
	}
	n.mu.Unlock()
	if over {
		return
	}
	attrs := []any{"error", err}
	var p *panicError
	if errors.As(err, &p) {
		attrs = append(attrs, "stack", string(p.stack))
	}
	if suppressed > 0 {
		attrs = append(attrs, "suppressed", suppressed)
	}
	n.log.Warn("rembus component", attrs...)
}

// report tells of a failure that no call can return.
func (c *Component) report(err error) {
	c.notices.warn(err)
	if c.opts.onError != nil {
		c.opts.onError(err)
	}
}
