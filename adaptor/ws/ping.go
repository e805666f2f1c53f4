package ws

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// slowIntervals is how many intervals after a ping a peer may be busy with what was sent
// before.
const slowIntervals = 10

// ping is one ping under way, shared by all who wait for a sign of life.
type ping struct {
	data uint64        // data frames before it
	done chan struct{} // closed when the pong came or the link ended
	err  error         // set before done
}

// ping sends a ping, unless one is under way already, and returns without
// waiting. The WebSocket gets no context to be cancelled by: a context that
// ends while a frame is written would take the whole connection along.
func (l *link) ping() *ping {
	l.pingMu.Lock()
	defer l.pingMu.Unlock()
	if l.pinging != nil {
		return l.pinging
	}
	p := &ping{data: l.sock.dataFrames(), done: make(chan struct{})}
	l.pinging = p
	go func() {
		p.err = l.conn.Ping(context.Background())
		l.pingMu.Lock()
		l.pinging = nil
		if p.err == nil {
			l.seen = p.data
		}
		l.pingMu.Unlock()
		close(p.done)
	}()
	return p
}

// behind reports that there are data frames before the ping under way, of which the peer
// has not shown yet that it read them.
func (l *link) behind() bool {
	l.pingMu.Lock()
	defer l.pingMu.Unlock()
	return l.pinging != nil && l.pinging.data != l.seen
}

// keepalive pings a link every interval and ends it when nothing at all
// arrives in the half interval after a ping. It holds no goroutine meanwhile.
type keepalive struct {
	link     *link
	interval time.Duration

	mu      sync.Mutex // protects following
	timer   *time.Timer
	stopped bool
	pinged  bool   // the next tick looks for the answer
	doubted bool   // and has found none once
	reads   uint64 // the socket's reads when the ping was sent
	taken   int64  // what the peer's system had taken then, and at each look since
	halves  int    // intervals, halved, since then
}

func (k *keepalive) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.timer = time.AfterFunc(k.interval, k.tick)
}

func (k *keepalive) tick() {
	if err := k.step(); err != nil {
		k.link.finish(err, false)
	}
}

// step looks after the peer, or pings it. An error is the end of the link.
func (k *keepalive) step() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	last := k.interval / 20
	switch {
	case k.stopped:
		return nil
	case k.pinged && k.silent():
		if !k.doubted {
			// This process itself may have stood still, and what came meanwhile is
			// about to be read.
			k.doubted = true
			k.timer.Reset(last)
			return nil
		}
		if k.halves++; !k.slow() {
			return fmt.Errorf("no sign of life for %v after a ping", time.Duration(k.halves)*k.interval/2)
		}
	case k.pinged:
		k.pinged = false
		k.link.raiseBudget()
	default:
		k.pinged, k.halves = true, 0
		k.link.raiseBudget()
		k.reads = k.link.sock.reads.Load()
		k.taken, _ = k.link.sock.taken()
		k.link.ping()
	}
	k.doubted = false
	if k.pinged {
		k.timer.Reset(k.interval/2 - last)
	} else {
		k.timer.Reset(k.interval / 2)
	}
	return nil
}

// silent reports that one Read has been waiting since the ping. When none was
// waiting, it is our receiver that is busy, and nothing is known of the peer.
// While a flush is under way the ping may be stuck behind it: then it is for
// the write timeout to judge.
func (k *keepalive) silent() bool {
	return k.reads%2 == 1 && k.link.sock.reads.Load() == k.reads && !k.link.sock.writing()
}

// slow reports that the silent peer may just not have come to the ping, since its
// program has not read what was sent before: its system goes on taking what is sent.
// That is believed for slowIntervals.
func (k *keepalive) slow() bool {
	before := k.taken
	var all bool
	k.taken, all = k.link.sock.taken()
	return (all || k.taken > before) && k.halves < 2*slowIntervals && k.link.behind()
}

func (k *keepalive) stop() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = true
	k.timer.Stop()
}
