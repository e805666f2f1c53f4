package workload

import (
	"fmt"

	"github.com/rembus-go/rembus/bench/peer"
)

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
func mosquittoTCP() versus            { return versus{peer.Mosquitto("tcp"), 0} }
func mosquittoBatched() versus        { return versus{peer.Mosquitto("ws batched"), 0} }
func relay() versus                   { return versus{peer.Relay(), 0} }

// lake is ours with tables.
func (p peers) lake(schema string) peer.Rembusd {
	return peer.Rembusd{Binary: p.bin.Rembusd, Label: "lake", Schema: schema}
}

// messages are the workloads of QoS0 and of calls.
func (p peers) messages() []Workload {
	single := p.passing()
	single.Label, single.Single = "journal off, one message a frame", true
	var all []Workload
	for _, n := range []int{1, 10} {
		all = append(all, fanout("", "", n, p.passing().Peer(), p.nats(1), p.natsTCP(), mosquittoBatched(), mosquittoTCP(), relay()))
	}
	for _, n := range []int{1, 10} {
		all = append(all, fanout("-single", "; ours sends and gets one message a frame, as foreign clients do", n,
			single.Peer(), p.nats(0.7), mosquitto(5), mosquittoBatched()))
	}
	for _, n := range []int{1, 10} {
		all = append(all, fanout("-journal", ", with the journal on (policy all: every message is stored)", n,
			p.rembusd("journal on").Peer(), versus{p.passing().Peer(), 0.5}, versus{p.rembusd("log in memory", "--no-journal").Peer(), 0}))
	}
	return append(all,
		rpcAlone(p.rembusd("").Peer(), p.nats(0.7), p.natsTCP()),
		rpcMany(50, p.rembusd("").Peer(), p.nats(1), p.natsTCP()),
	)
}

// promises are the workloads of QoS1 and QoS2.
func (p peers) promises() []Workload {
	ours := p.rembusd("").Peer()
	alone := ours
	alone.Name += ", no subscriber"
	const ack = "rembusd acks after the fsync of its journal, as JetStream does with sync=always; with sync=2m JetStream acks up to two minutes before; mosquitto stores nothing."
	withSubscriber := Workload{
		Name:  "qos1-subscriber",
		Title: fmt.Sprintf("1 publisher, QoS1, up to %d without an answer, one subscriber who acknowledges each message, %d bytes", outstanding, payloadSize),
		Note:  "Until the last message is answered and delivered.",
		Unit:  "messages/s",
	}.against(qos1(1), ours, mosquitto(0), p.jetStream("2m", 0))
	withSubscriber.Rivals = append([]Rival{{on(alone, qos1(0)), 0.5}}, withSubscriber.Rivals...)
	return []Workload{
		Workload{
			Name:  "qos1-pipelined",
			Title: fmt.Sprintf("1 publisher, QoS1, up to %d without an answer, no subscriber, %d bytes", outstanding, payloadSize),
			Note:  ack,
			Unit:  "messages/s",
		}.with(logFloor()).against(qos1(0), ours, p.jetStream("2m", 1), mosquitto(2), p.jetStream("always", 0), mosquittoBatched(), mosquittoTCP()),
		Workload{
			Name:  "qos1-alone",
			Title: fmt.Sprintf("1 publisher, QoS1, a message at a time until it is answered, %d bytes", payloadSize),
			Unit:  "µs",
			Less:  true,
		}.with(fsyncFloor()).against(qos1Alone, ours, p.jetStream("always", 0), p.jetStream("2m", 0), mosquitto(0)),
		withSubscriber,
		Workload{
			Name:  "qos2-pipelined",
			Title: fmt.Sprintf("1 publisher, QoS2, up to %d without their end, no subscriber, %d bytes", outstanding, payloadSize),
			Unit:  "messages/s",
		}.against(qos2, ours, mosquitto(2), mosquittoBatched(), mosquittoTCP()),
	}
}
