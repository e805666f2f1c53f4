package workload

import (
	"context"
	"errors"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// startTime is a broker's time, in ms, from its start until a client is connected.
func startTime(p peer.Peer) Contestant {
	return Contestant{Name: p.Name, Version: p.Version, Run: func(ctx context.Context, _ Size) (_ Result, err error) {
		begin := time.Now()
		b, err := p.Start(ctx)
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, b.Stop()) }()
		c, err := b.Dial(ctx)
		if err != nil {
			return Result{}, err
		}
		took := time.Since(begin)
		return Result{Figure: float64(took.Microseconds()) / 1e3}, c.Close()
	}}
}

// idleMemory is the resident memory, in MiB, of a broker that does nothing.
func idleMemory(ctx context.Context, b peer.Broker, s Size) (Result, error) {
	c, err := b.Dial(ctx)
	if err != nil {
		return Result{}, err
	}
	defer c.Close()
	select {
	case <-time.After(s.Time):
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	kib, err := resident(b.PID())
	return Result{Figure: kib / 1024}, err
}
