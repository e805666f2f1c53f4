// Package workload holds what is done to a broker and what of it is measured,
// a file for each kind.
package workload

import (
	"context"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// Workload is one thing to measure.
type Workload struct {
	Name   string // for --workload
	Title  string // for people: what is done, in full
	Note   string // what a reader of the figures must know; may be empty
	Unit   string // of the figure
	Less   bool   // whether less is better
	Ours   peer.Peer
	Rivals []Rival

	// Run does it once to a fresh broker.
	Run func(ctx context.Context, b peer.Broker, s Size) (Result, error)
}

// Result is what one run gave.
type Result struct {
	Figure float64 // in the workload's unit
	Count  int     // messages, deliveries or calls in all, warming up included; 0 when nothing is counted
}

// Rival is a peer to compare with.
type Rival struct {
	Peer   peer.Peer
	Target float64 // the ratio ours/rival that we want; 0 when there is none
}

// Size says how long a measurement takes.
type Size struct {
	Time        time.Duration // for what has a rate
	Connections int           // for what counts connections
}

// Full and Quick are the two sizes.
var (
	Full  = Size{Time: 4 * time.Second, Connections: 5000}
	Quick = Size{Time: time.Second, Connections: 1000}
)

// payloadSize is the size of a message, unless a workload says otherwise.
const payloadSize = 128

func payload() []byte {
	b := make([]byte, payloadSize)
	for i := range b {
		b[i] = byte('a' + i%26)
	}
	return b
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
