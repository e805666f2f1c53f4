package ws

import (
	"net"

	"github.com/rembus-go/rembus/protocol"
)

// ListenOn is Listen on a listener that a test has prepared.
func ListenOn(ln net.Listener, opts ListenOptions) (*Listener, error) {
	opts, err := opts.validate()
	if err != nil {
		return nil, err
	}
	secure, err := opts.tls()
	if err != nil {
		return nil, err
	}
	a := &acceptor{Listener: ln, tls: secure, timeout: opts.WriteTimeout, max: int64(opts.MaxConns), log: opts.Logger}
	return newListener(a, opts), nil
}

// ConnsFor is connsFor.
func ConnsFor(files uint64) int { return connsFor(files) }

// OpenFiles is openFiles.
func OpenFiles() uint64 { return openFiles() }

// CloseStatus is closeStatus.
func CloseStatus(reason error) (int, string) {
	code, text := closeStatus(reason)
	return int(code), text
}

// Open is how many connections are counted.
func (l *Listener) Open() int64 { return l.accept.open.Load() }

// FragmentSize is the length above which a message is fragmented.
const FragmentSize = fragment

// SlowIntervals is how long a peer may be busy with what was sent before a ping.
const SlowIntervals = slowIntervals

// Longer messages are received in parts: the first of KeptSize, further ones of PartSize.
const (
	KeptSize = maxKeep
	PartSize = partSize
)

var _ protocol.Link = (*link)(nil)

// SplitBatch is splitBatch.
func SplitBatch(batch []byte, limit int) (message, rest []byte, err error) {
	return splitBatch(batch, limit)
}
