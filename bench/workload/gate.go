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

// gate numbers messages, checks that each subscriber gets all of them in order,
// once, and keeps the publisher within the window. Sending is for one goroutine.
type gate struct {
	chunk  int
	chunks chan struct{}  // a token for each chunk on its way
	done   []atomic.Int32 // subscribers that have a chunk, by chunk number mod len
	subs   int32
	shared atomic.Int64 // deliveries to the subscribers that share the messages
	wrong  chan error   // the first delivery that should not have come
	sent   int
	data   []byte
}

func newGate(subscribers int) *gate { return newGateOf(subscribers, payloadSize, chunk, window/chunk) }

// newGateOf makes a gate for messages of size bytes that lets chunks·chunk of
// them through.
func newGateOf(subscribers, size, chunk, chunks int) *gate {
	return &gate{
		chunk: chunk, chunks: make(chan struct{}, chunks), done: make([]atomic.Int32, chunks),
		subs: int32(subscribers), wrong: make(chan error, 1), data: message(size),
	}
}

// receiver returns what one subscriber, who gets all messages, calls for each.
func (g *gate) receiver() func(payload []byte) {
	n := 0
	return func(payload []byte) {
		n++
		if got := number(payload); got != n || len(payload) != len(g.data) {
			g.fail(fmt.Errorf("message %d of %d bytes came in place of message %d of %d bytes", got, len(payload), n, len(g.data)))
			return
		}
		if n%g.chunk != 0 {
			return
		}
		slot := &g.done[(n/g.chunk-1)%len(g.done)]
		if slot.Add(1) == g.subs {
			slot.Store(0)
			<-g.chunks
		}
	}
}

// sharer returns what one of several subscribers calls who get every message
// once between them.
func (g *gate) sharer() func(payload []byte) {
	last := 0
	return func(payload []byte) {
		if got := number(payload); got <= last {
			g.fail(fmt.Errorf("message %d came after message %d", got, last))
			return
		} else {
			last = got
		}
		if g.shared.Add(1)%int64(g.chunk) == 0 {
			<-g.chunks
		}
	}
}

func (g *gate) fail(err error) {
	select {
	case g.wrong <- err:
	default:
	}
}

// send publishes whole chunks until the time is up and all have arrived.
func (g *gate) send(until time.Time, publish func(payload []byte) error, flush func() error) error {
	timer := time.NewTimer(stalled)
	defer timer.Stop()
	for first := true; first || time.Now().Before(until); first = false {
		if err := g.enter(timer, 1); err != nil {
			return err
		}
		for range g.chunk {
			g.sent++
			setNumber(g.data, g.sent)
			if err := publish(g.data); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return g.drain(timer)
}

// drain waits until nothing is on its way: then all tokens are ours again.
func (g *gate) drain(timer *time.Timer) error {
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
		case err := <-g.wrong:
			return err
		case g.chunks <- struct{}{}:
			continue
		default:
		}
		timer.Reset(stalled)
		select {
		case err := <-g.wrong:
			return err
		case g.chunks <- struct{}{}:
		case <-timer.C:
			return fmt.Errorf("messages were lost: nothing arrived for %v after %d were sent", stalled, g.sent)
		}
	}
	return nil
}

// rate publishes for a fifth of d to warm up and then for d, and returns the
// messages a second of the latter.
func (g *gate) rate(d time.Duration, publish func(payload []byte) error, flush func() error) (float64, error) {
	if err := g.send(time.Now().Add(d/5), publish, flush); err != nil {
		return 0, err
	}
	before, begin := g.sent, time.Now()
	if err := g.send(begin.Add(d), publish, flush); err != nil {
		return 0, err
	}
	return float64(g.sent-before) / time.Since(begin).Seconds(), nil
}
