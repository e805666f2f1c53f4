package workload

import "github.com/rembus-go/rembus/bench/peer"

// Binaries are the programs of the brokers.
type Binaries struct {
	Rembusd, NATS string
}

// All returns every workload with ours and its rivals, in the order of the
// report.
func All(bin Binaries) []Workload {
	ours := peer.Rembusd(bin.Rembusd, "", "--no-lake")
	relay := Rival{peer.Relay(), 0}
	natsTCP := Rival{peer.NATS(bin.NATS, "tcp"), 0}
	nats := func(target float64) Rival { return Rival{peer.NATS(bin.NATS, "ws"), target} }
	jetStream := func(sync string, target float64) Rival {
		return Rival{peer.JetStream(bin.NATS, "ws", sync), target}
	}
	return []Workload{
		fanout(1, ours, nats(0.7), natsTCP, relay),
		fanout(10, ours, nats(0.7), natsTCP, relay),
		rpcAlone(ours, nats(0.7), natsTCP),
		rpcMany(50, ours, nats(1), natsTCP),
		qos1(ours, jetStream("2m", 0), jetStream("always", 0)),
		idle(ours, nats(0)),
	}
}
