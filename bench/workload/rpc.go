package workload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// rpcAlone is one caller, one exposer, a call at a time; the figure is the
// median time of a call.
func rpcAlone(ours peer.Peer, rivals ...versus) Workload {
	return Workload{
		Name:  "rpc-alone",
		Title: fmt.Sprintf("RPC, one caller, a call at a time, %d bytes there and back", payloadSize),
		Unit:  "µs",
		Less:  true,
	}.against(func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
		times, all, err := runCalls(ctx, b, s, 1)
		if err != nil {
			return Result{}, err
		}
		slices.Sort(times)
		return Result{Figure: float64(times[len(times)/2].Nanoseconds()) / 1e3, Count: all}, nil
	}, ours, rivals...)
}

// rpcMany is n callers, each with its own connection and a call at a time, and
// one exposer; the figure is calls a second.
func rpcMany(n int, ours peer.Peer, rivals ...versus) Workload {
	return Workload{
		Name:  fmt.Sprintf("rpc-%d", n),
		Title: fmt.Sprintf("RPC, %d callers on connections of their own, one exposer, %d bytes there and back", n, payloadSize),
		Unit:  "calls/s",
	}.against(func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
		times, all, err := runCalls(ctx, b, s, n)
		return Result{Figure: float64(len(times)) / s.Time.Seconds(), Count: all}, err
	}, ours, rivals...)
}

// runCalls returns how long each call took that counts, and how many there were
// in all.
func runCalls(ctx context.Context, b peer.Broker, s Size, callers int) (counted []time.Duration, all int, err error) {
	clients, closeAll, err := dial(ctx, b, callers+1)
	if err != nil {
		return nil, 0, err
	}
	defer closeAll()
	if err := clients[0].Serve("echo"); err != nil {
		return nil, 0, err
	}
	data := message(payloadSize)
	warm := time.Now().Add(s.Time / 5)
	end := warm.Add(s.Time)
	times, calls, errs := make([][]time.Duration, callers), make([]int, callers), make([]error, callers)
	var wg sync.WaitGroup
	for i, c := range clients[1:] {
		wg.Go(func() {
			for now := time.Now(); now.Before(end); {
				if err := c.Call(ctx, "echo", data); err != nil {
					errs[i] = err
					return
				}
				after := time.Now()
				calls[i]++
				if now.After(warm) && after.Before(end) {
					times[i] = append(times[i], after.Sub(now))
				}
				now = after
			}
		})
	}
	wg.Wait()
	counted = slices.Concat(times...)
	if len(counted) == 0 {
		errs = append(errs, errors.New("no call ended in time"))
	}
	for _, n := range calls {
		all += n
	}
	return counted, all, errors.Join(errs...)
}
