package workload

import "github.com/rembus-go/rembus/bench/peer"

// Binaries are the programs of the brokers, and the directory of Python's.
type Binaries struct {
	Rembusd, NATS, DuckDB, Python string
}

// All returns every workload with ours and its rivals, in the order of the
// report. remove removes what they have made.
func All(bin Binaries) (all []Workload, remove func() error) {
	p := peers{bin}
	h := &history{broker: p.lake(historyTable)}
	h.broker.Flags = []string{"--retention-size", "1GiB", "--shutdown-timeout", "50s", "--request-timeout", "1m", "--query-timeout", "1m"}
	for _, some := range [][]Workload{p.messages(), p.promises(), p.stores(), p.queries(h), p.delays(), p.sizes()} {
		all = append(all, some...)
	}
	return all, h.remove
}

// peers makes the peers of the workloads.
type peers struct{ bin Binaries }

// journalOff stores nothing of what passes.
const journalOff = "*=off"

func (p peers) rembusd(label string, flags ...string) peer.Rembusd {
	return peer.Rembusd{Binary: p.bin.Rembusd, Label: label, Flags: append([]string{"--no-lake"}, flags...)}
}

// passing is ours when it stores nothing, as the others do.
func (p peers) passing() peer.Rembusd {
	return p.rembusd("journal off", "--journal-policy", journalOff)
}

func (p peers) nats(target float64) versus { return versus{peer.NATS(p.bin.NATS, "ws"), target} }
func (p peers) natsTCP() versus            { return versus{peer.NATS(p.bin.NATS, "tcp"), 0} }
func (p peers) jetStream(sync string, target float64) versus {
	return versus{peer.JetStream(p.bin.NATS, "ws", sync), target}
}
func mosquitto(target float64) versus { return versus{peer.Mosquitto("ws"), target} }
func mosquittoPaho(target float64) versus {
	return versus{peer.Mosquitto("ws paho"), target}
}
func mosquittoTCP() versus     { return versus{peer.Mosquitto("tcp"), 0} }
func mosquittoBatched() versus { return versus{peer.Mosquitto("ws batched"), 0} }
func (p peers) python() versus {
	return versus{(&peer.Python{Dir: p.bin.Python}).Peer(), 0}
}
func relay() versus { return versus{peer.Relay(), 0} }

// lake is ours with tables.
func (p peers) lake(schema string) peer.Rembusd {
	return peer.Rembusd{Binary: p.bin.Rembusd, Label: "lake", Schema: schema}
}
