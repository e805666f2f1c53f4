// Package torture holds tests that kill a real rembusd under load, again and again,
// and then ask every subscriber and the lake for each message that was acked.
//
// The clients here are written out rather than taken from package component,
// so that the tests know what was acked and keep their side of each exchange
// exactly as the protocol says: publishers send again, in order and under the same id,
// what has no ACK; subscribers drop a QoS2 delivery that they have until its ACK2.
// They keep that in memory, since only the broker dies.
//
// REMBUS_KILLS=200 makes the loop long: `make torture`. REMBUS_SEED repeats the
// random choices of a run, though not its timing.
package torture
