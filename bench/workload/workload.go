// Package workload holds what is done to a broker and what of it is measured,
// a file for each kind.
package workload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// Workload is one thing to measure.
type Workload struct {
	Name   string  // for --workload
	Title  string  // for people: what is done, in full
	Note   string  // what a reader of the figures must know; may be empty
	Unit   string  // of the figure
	Less   bool    // whether less is better
	Target float64 // what our figure should reach by itself; 0 when there is none
	Ours   Contestant
	Rivals []Rival

	// Prepare makes what all rounds use; nil when there is nothing.
	Prepare func(ctx context.Context, s Size) error
}

// Contestant is what a workload is done to: a broker, or the least that could do
// the same.
type Contestant struct {
	Name    string
	Version func() string
	// Run does the workload once, to a fresh broker.
	Run func(ctx context.Context, s Size) (Result, error)
}

// Rival is a contestant to compare with.
type Rival struct {
	Contestant
	Target float64 // the ratio ours/rival that we want; 0 when there is none
}

// Result is what one run gave.
type Result struct {
	Figure float64 // in the workload's unit
	Count  int     // messages, deliveries or calls in all, warming up included; 0 when nothing is counted

	BrokerCPU, ClientCPU time.Duration // what the processes spent on them
}

// Size says how long a measurement takes.
type Size struct {
	Time          time.Duration // for what has a rate
	Connections   int           // for what counts connections
	Subscriptions int           // for what counts those; a multiple of 1000
	Topics        int           // that are published to; a tenth of Subscriptions
	FrameRows     int           // of a DataFrame
	LakeRows      int           // of a large table
	Backlog       int           // for what is replayed
}

// Full and Quick are the two sizes.
var (
	Full = Size{Time: 4 * time.Second, Connections: 10_000, Subscriptions: 100_000, Topics: 10_000,
		FrameRows: 1_000_000, LakeRows: 100_000_000, Backlog: 1_000_000}
	Quick = Size{Time: 400 * time.Millisecond, Connections: 1000, Subscriptions: 10_000, Topics: 1000,
		FrameRows: 1_000_000, LakeRows: 2_000_000, Backlog: 100_000}
)

// on returns the contestant that starts p and does run to it.
func on(p peer.Peer, run func(ctx context.Context, b peer.Broker, s Size) (Result, error)) Contestant {
	return Contestant{Name: p.Name, Version: p.Version, Run: func(ctx context.Context, s Size) (result Result, err error) {
		b, err := p.Start(ctx)
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, b.Stop()) }()
		theirs, ours := processorTime(b.PID()), processorTime(os.Getpid())
		result, err = run(ctx, b, s)
		err = explain(ctx, b, err)
		result.BrokerCPU, result.ClientCPU = processorTime(b.PID())-theirs, processorTime(os.Getpid())-ours
		return result, err
	}}
}

// explain adds to an error what the broker says about itself, where it does: whether
// it dropped messages, for example.
func explain(ctx context.Context, b peer.Broker, err error) error {
	witness, ok := b.(interface{ Account(context.Context) string })
	if err == nil || !ok {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return fmt.Errorf("%w; %s", err, witness.Account(ctx))
}

// onRembus is on for what only our protocol can do.
func onRembus(p peer.Peer, run func(ctx context.Context, b *peer.Rembus, s Size) (Result, error)) Contestant {
	return on(p, func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
		return run(ctx, b.(*peer.Rembus), s)
	})
}

// rivals are peers that do the same as ours.
type versus struct {
	peer   peer.Peer
	target float64
}

// against fills in ours and the rivals of a workload that is the same for all.
func (w Workload) against(run func(context.Context, peer.Broker, Size) (Result, error), ours peer.Peer, rivals ...versus) Workload {
	w.Ours = on(ours, run)
	for _, r := range rivals {
		w.Rivals = append(w.Rivals, Rival{on(r.peer, run), r.target})
	}
	return w
}

// with adds a rival that no target is about.
func (w Workload) with(c Contestant) Workload {
	w.Rivals = append(w.Rivals, Rival{Contestant: c})
	return w
}

// dial connects n clients; close closes them all.
func dial(ctx context.Context, b peer.Broker, n int) (clients []peer.Client, closeAll func(), err error) {
	closeAll = func() {
		for _, c := range clients {
			c.Close()
		}
	}
	for range n {
		c, err := b.Dial(ctx)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		clients = append(clients, c)
	}
	return clients, closeAll, nil
}
