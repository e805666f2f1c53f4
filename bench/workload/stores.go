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
			Title:  "one DataFrame of a million rows and 5 columns published, until a query says that all rows are in the table",
			Note:   "The raw Appender is that of DuckDB's driver for Go, into an equal table.",
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
