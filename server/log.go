package server

import (
	"context"

	"github.com/rembus-go/rembus/protocol"
)

// Log is the one ordered log behind the broker: package journal keeps it on
// disk, package memlog in memory. All methods are safe for concurrent use.
//
// Invariant: sequence numbers start at 1, have no gaps and are never used twice,
// also across restarts.
type Log interface {
	// Append gives the entries the next sequence numbers (it sets Seq), in order.
	// It copies what it needs of the entries, which are the caller's again on
	// return; their messages are shared. It only touches memory and never waits
	// for a disk. It fails when the log takes nothing more (read-only after a
	// failed fsync, hard cap reached, closed); then none has been taken.
	Append(entries ...*protocol.Entry) error

	// Commit asks for everything appended to become durable at once, without
	// waiting for it. Without it the durable end moves at least every 100 ms.
	Commit()

	// Room waits while too much is appended and not yet written: the
	// back-pressure on publishers. Called without any lock held.
	Room(ctx context.Context) error

	// First is the oldest sequence number kept, End the newest appended, Durable
	// the newest that survives a crash. First is End+1 when nothing is kept.
	First() uint64
	End() uint64
	Durable() uint64

	// Read returns entries with from <= Seq <= Durable whose topic match accepts
	// (nil: all), in order, at most max and about 1 MiB, and the sequence to go on
	// from: everything below next was returned, did not match or is no longer
	// kept. next == Durable()+1 says that the reader is level with the log.
	Read(from uint64, max int, match func(topic string) bool) (entries []*protocol.Entry, next uint64, err error)

	// PutState stores, in order with the entries appended before and after, the
	// latest state under a name (of a twin); nil removes it. It copies state. done,
	// unless nil, is called once from Notify's goroutine, after it told of the entries
	// appended before: with nil when the state is on disk, else with the reason. When
	// PutState itself fails done is not called. Without Commit the state is written
	// within 100 ms.
	PutState(name string, state []byte, done func(error)) error

	// States calls fn with every state as it was found at start.
	States(fn func(name string, state []byte) error) error

	// Notify registers fn to be called, from one goroutine and in order, when the
	// durable end has moved (err nil) or the log failed for good (err says why).
	Notify(fn func(durable uint64, err error))
}

// Copier is a Log that keeps bytes: after Append it has none of the messages that
// can be released (protocol.Message.Release).
type Copier interface {
	Log
	Copies()
}
