package workload

import (
	"fmt"
	"sync/atomic"
	"time"
)

// The publisher runs at most window messages ahead of the slowest subscriber:
// far enough that nobody waits for it, near enough that no broker drops.
const (
	chunk  = 1024
	window = 32 * chunk
)

// stalled is how long nothing may arrive before messages count as lost.
const stalled = 10 * time.Second

// gate counts deliveries to several subscribers and keeps the publisher within
// the window. Sending is for one goroutine.
type gate struct {
	chunks chan struct{}                // a token for each chunk on its way
	done   [window / chunk]atomic.Int32 // subscribers that have a chunk, by chunk number mod len
	subs   int32
	sent   int
}

func newGate(subscribers int) *gate {
	return &gate{chunks: make(chan struct{}, window/chunk), subs: int32(subscribers)}
}

// receiver returns what one subscriber calls for each message.
func (g *gate) receiver() func() {
	n := 0
	return func() {
		n++
		if n%chunk != 0 {
			return
		}
		slot := &g.done[(n/chunk-1)%len(g.done)]
		if slot.Add(1) == g.subs {
			slot.Store(0)
			<-g.chunks
		}
	}
}

// send publishes whole chunks until the time is up and all have arrived.
func (g *gate) send(until time.Time, publish func() error, flush func() error) error {
	timer := time.NewTimer(stalled)
	defer timer.Stop()
	for time.Now().Before(until) {
		if err := g.enter(timer, 1); err != nil {
			return err
		}
		for range chunk {
			if err := publish(); err != nil {
				return err
			}
		}
		g.sent += chunk
	}
	if err := flush(); err != nil {
		return err
	}
	// All tokens are ours again when nothing is on its way.
	if err := g.enter(timer, cap(g.chunks)); err != nil {
		return err
	}
	for range cap(g.chunks) {
		<-g.chunks
	}
	return nil
}

func (g *gate) enter(timer *time.Timer, n int) error {
	for range n {
		select {
		case g.chunks <- struct{}{}:
			continue
		default:
		}
		timer.Reset(stalled)
		select {
		case g.chunks <- struct{}{}:
		case <-timer.C:
			return fmt.Errorf("messages were lost: nothing arrived for %v after %d were sent", stalled, g.sent)
		}
	}
	return nil
}
