// Package bench measures rembusd against other brokers on one machine.
//
// A workload (package workload, a file each) is what is done to a broker; a
// peer (package peer, a file each) is a broker with its own best client. The
// program cmd/bench runs every workload against every peer that can do it,
// round by round, so that all meet the same moods of the machine, and compares
// within a round only: what is quoted is the median of the ratios. Package
// report writes the figures as table, JSON and docs/performance.md.
//
// It is a module of its own, so that no other broker enters the go.mod of this
// project.
package bench
