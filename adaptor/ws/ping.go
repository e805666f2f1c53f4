package ws

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// ping is one ping under way, shared by all who wait for a sign of life.
type ping struct {
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
	p := &ping{done: make(chan struct{})}
	l.pinging = p
	go func() {
		p.err = l.conn.Ping(context.Background())
		l.pingMu.Lock()
		l.pinging = nil
		l.pingMu.Unlock()
		close(p.done)
	}()
	return p
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
}

func (k *keepalive) start() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.timer = time.AfterFunc(k.interval, k.tick)
}

func (k *keepalive) tick() {
	k.mu.Lock()
	if k.stopped {
		k.mu.Unlock()
		return
	}
	last := k.interval / 20
	if k.pinged && k.silent() {
		if !k.doubted {
			// This process itself may have stood still, and what came meanwhile is
			// about to be read.
			k.doubted = true
			k.timer.Reset(last)
			k.mu.Unlock()
			return
		}
		k.mu.Unlock()
		k.link.finish(fmt.Errorf("no sign of life for %v after a ping", k.interval/2), false)
		return
	}
	defer k.mu.Unlock()
	k.link.raiseBudget()
	k.pinged, k.doubted = !k.pinged, false
	if !k.pinged {
		k.timer.Reset(k.interval / 2)
	} else {
		k.timer.Reset(k.interval/2 - last)
		k.reads = k.link.sock.reads.Load()
		k.link.ping()
	}
}

// silent reports that one Read has been waiting since the ping. When none was
// waiting, it is our receiver that is busy, and nothing is known of the peer.
// While a flush is under way the ping may be stuck behind it: then it is for
// the write timeout to judge.
func (k *keepalive) silent() bool {
	return k.reads%2 == 1 && k.link.sock.reads.Load() == k.reads && !k.link.sock.writing()
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
