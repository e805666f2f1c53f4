package workload

import "fmt"

// messages are the workloads of QoS0 and of calls.
func (p peers) messages() []Workload {
	single := p.passing()
	single.Label, single.Single = "journal off, one message a frame", true
	var all []Workload
	for _, n := range []int{1, 10} {
		all = append(all, fanout("", "", n, p.passing().Peer(), p.nats(1), p.natsTCP(), mosquittoBatched(), mosquittoTCP(), relay(), p.python()))
	}
	for _, n := range []int{1, 10} {
		alone := fanout("-single", "; ours sends and gets one message a frame, as foreign clients do", n,
			single.Peer(), p.nats(0.7), mosquittoPaho(5), mosquitto(0), mosquittoBatched())
		alone.Note = pahoNote
		all = append(all, alone)
	}
	for _, n := range []int{1, 10} {
		journal := fanout("-journal", ", with the journal on (policy all: every message is stored)", n,
			p.rembusd("journal on").Peer(), versus{p.passing().Peer(), 0.5}, versus{p.rembusd("log in memory", "--no-journal").Peer(), 0})
		journal.Note = ""
		all = append(all, journal)
	}
	return append(all,
		rpcAlone(p.rembusd("").Peer(), p.nats(0.7), p.natsTCP(), p.python()),
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
			Note:  ack + " " + pahoNote,
			Unit:  "messages/s",
		}.with(logFloor()).against(qos1(0), ours, p.jetStream("2m", 1), mosquittoPaho(2), p.jetStream("always", 0), mosquitto(0), mosquittoBatched(), mosquittoTCP()),
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
			Note:  pahoNote,
			Unit:  "messages/s",
		}.against(qos2, ours, mosquittoPaho(2), mosquitto(0), mosquittoBatched(), mosquittoTCP()),
	}
}
