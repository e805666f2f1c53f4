// Package bench measures rembusd against other brokers on one machine.
//
// A workload (package workload, a file each) is what is done to a broker; a
// peer (package peer, a file each) is a broker with its own best client. The
// program cmd/bench runs every workload against every peer that can do it,
// round by round, so that all meet the same moods of the machine, and compares
// within a round only: what is quoted is the median of the ratios. Package
// report writes the figures as table, JSON and docs/performance.md.
//
// mosquitto has two clients: the usual library, which the targets are about, and one of
// our own, which is faster and shows what the broker itself can do.
//
// A curve (package workload too) is how the cost of one delivery grows with
// something; package plot draws it.
//
// A run gives a figure only when every message arrived, once, as it was sent, and in
// order where order is promised. Messages are numbered for that. Rates are bounded by
// a window of messages on their way, so that no broker has to drop any.
//
// nats-server and DuckDB are built from this module's go.mod into bin/, the Python
// broker gets an environment of its own there, mosquitto is taken from the
// machine. What is missing is said in its row, and its target has no figure.
//
//	go run ./cmd/bench --list                          what there is
//	go run ./cmd/bench --quick --workload 'qos|rpc'    some of it, in short
//	go run ./cmd/bench --quick --all                   with the peers that no target is about
//	go run ./cmd/bench --rounds 3 --lake-rows 10000000 a smaller table than in the full run
//	go run ./cmd/bench --curves --quick --json /tmp/c.json   pictures into /tmp
//
// It is a module of its own, so that no other broker enters the go.mod of this
// project.
package bench
