package ws

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

const (
	fallbackFiles = 16 << 10 // when the system does not tell its limit
	maxConns      = 1 << 20
	minConns      = 16
)

// connsFor is the number of connections that a limit of open files allows: an
// eighth, and at least 48, is left to journal, lake and other transports.
func connsFor(files uint64) int {
	files = min(files, maxConns)
	return int(max(minConns, files-min(files, max(files/8, 48))))
}

// acceptor hands net/http connections that are sockets. It counts them, and
// closes at once what is above the limit and cannot even be given an answer.
type acceptor struct {
	net.Listener
	tls     *tls.Config // nil: no TLS
	timeout time.Duration
	max     int64
	open    atomic.Int64
	log     *slog.Logger

	warned time.Time // owned by the goroutine in Accept
}

// Accept returns the next connection. Its errors are net/http's affair, which
// waits up to a second and tries again when descriptors ran out.
func (a *acceptor) Accept() (net.Conn, error) {
	for {
		raw, err := a.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				a.warn("cannot accept connections", "error", err)
			}
			return nil, err
		}
		if a.open.Add(1) > a.max+a.max/16+1 {
			a.open.Add(-1)
			raw.Close()
			a.warn("connections refused", "limit", a.max)
			continue
		}
		conn := raw
		if a.tls != nil {
			conn = tls.Server(raw, a.tls)
		}
		s := newSocket(conn, raw, a.timeout)
		s.onClose = func() { a.open.Add(-1) }
		return s, nil
	}
}

// full reports that there are more connections than allowed.
func (a *acceptor) full() bool { return a.open.Load() > a.max }

// warn logs at most once a second: it is strangers who cause it.
func (a *acceptor) warn(msg string, args ...any) {
	if now := time.Now(); now.Sub(a.warned) >= time.Second {
		a.warned = now
		a.log.Warn("ws: "+msg, args...)
	}
}
