package workload

import (
	"fmt"

	"github.com/rembus-go/rembus/bench/peer"
)

// stores are the workloads that end in a table, or begin in the journal.
func (p peers) stores() []Workload {
	ours := p.lake(tables)
	python := &peer.Python{Dir: p.bin.Python, Schema: tables}
	journal := p.rembusd("").Peer()
	return []Workload{
		{
			Name:   "lake-rows",
			Title:  "WebSocket PUB → row of a table of 3 columns, one map a message, QoS0, until a query says that all are there",
			Unit:   "rows/s",
			Target: 200_000,
			Ours:   onRembus(ours.Peer(), rows),
			Rivals: []Rival{{onRembus(python.Peer(), rows), 50}},
		},
		{
			Name:   "lake-dataframe",
			Title:  "one DataFrame of 5 columns published, until a query says that all rows are in the table",
			Note:   "A million rows; a fifth of that in a short run. The raw Appender is that of DuckDB's driver for Go, into an equal table.",
			Unit:   "ms",
			Less:   true,
			Ours:   onRembus(ours.Peer(), dataFrame),
			Rivals: []Rival{{rawAppender(p.bin.DuckDB), 2}},
		},
		{
			Name:   "replay-qos0",
			Title:  fmt.Sprintf("QoS0 messages of %d bytes that were published while a component was away, from its connecting until it has them", payloadSize),
			Unit:   "messages/s",
			Target: 500_000,
			Ours:   onRembus(journal, replay(0)),
		},
		{
			Name:   "replay-qos1",
			Title:  "the same with QoS1, within the window of messages without ACK",
			Unit:   "messages/s",
			Target: 100_000,
			Ours:   onRembus(journal, replay(1)),
		},
	}
}

// queries are asked of a large table.
func (p peers) queries(h *history) []Workload {
	const note = "A hundred million rows of 5 columns, a million a day; two million in a short run. The query is asked again and again, so that the file is in memory."
	return []Workload{
		{
			Name: "query-point", Title: "one row of a large table by sensor and time, asked through the broker", Note: note,
			Unit: "µs", Less: true, Prepare: h.make,
			Ours:   h.ours(h.point),
			Rivals: []Rival{{h.alone(p.bin.DuckDB, h.point), 1.2}},
		},
		{
			Name: "query-day", Title: "average and count of a day in a large table, asked through the broker", Note: note,
			Unit: "µs", Less: true, Prepare: h.make,
			Ours:   h.ours(h.day),
			Rivals: []Rival{{h.alone(p.bin.DuckDB, h.day), 1.2}},
		},
	}
}

// delays are the workloads about the time of a delivery.
func (p peers) delays() []Workload {
	const how = "1 publisher → 1 subscriber, QoS0, at half of the rate that the same two reach at most, 99th percentile from publishing to the handler"
	lake := p.lake(tables).Peer()
	return []Workload{
		Workload{Name: "latency", Title: how, Unit: "ms", Less: true, Target: 2}.
			against(latency(noLoad), p.rembusd("").Peer(), p.nats(0), mosquitto(0)),
		Workload{Name: "latency-rows", Title: how + fmt.Sprintf(", while %d rows/s of others go into the lake", rowLoad), Unit: "ms", Less: true, Target: 5}.
			against(latency(storingRows), lake),
		Workload{Name: "latency-checkpoint", Title: how + ", while DataFrames go into the lake one after another, each with a checkpoint", Unit: "ms", Less: true, Target: 5}.
			against(latency(storingFrames), lake),
	}
}

// sizes are the workloads about what it costs to be there, and to be many.
func (p peers) sizes() []Workload {
	plain, lake := p.rembusd("").Peer(), p.lake(tables).Peer()
	few := plain
	few.Name += ", 10 subscriptions"
	return []Workload{
		{
			Name: "crowded", Unit: "µs", Less: true,
			Title:  "publishing over many topics while there are many subscriptions, half of them spaces, and 10 change every second: time of a message that reaches one subscriber by its topic and one by a space",
			Note:   "10,000 topics and 100,000 subscriptions; a tenth of both in a short run. Compared with 10 subscriptions that reach the same two.",
			Ours:   onRembus(plain, crowded),
			Rivals: []Rival{{onRembus(few, spacious), 2}},
		},
		idle(25, plain, p.nats(0), mosquitto(0)),
		Workload{Name: "idle-memory", Title: "resident memory of a broker that does nothing, with an empty lake", Unit: "MiB", Less: true, Target: 64}.
			against(idleMemory, lake, p.nats(0), mosquitto(0)),
		{
			Name: "start", Title: "from the start of the process, with an empty lake, until a client is connected", Unit: "ms", Less: true, Target: 300,
			Ours:   startTime(lake),
			Rivals: []Rival{{startTime(peer.NATS(p.bin.NATS, "ws")), 0}, {startTime(peer.Mosquitto("ws")), 0}},
		},
	}
}
