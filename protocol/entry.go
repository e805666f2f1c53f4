package protocol

// EntryKind says what a log entry asks for.
type EntryKind uint8

const (
	EntryPub    EntryKind = iota // a published message
	EntryUpsert                  // upsert_T: Msg.Topic is the table, Msg.Data the arguments
	EntryDelete                  // delete_T: the same
)

// Entry is one record of the broker's log. Immutable once appended.
type Entry struct {
	Seq  uint64 // position in the log, assigned by it; from 1, without gaps
	Time int64  // when the broker received it, nanoseconds since 1970
	Kind EntryKind
	From string   // the publisher's name; "" for an anonymous component
	Msg  *Message // Topic, QoS, slot, ID, Origin and Data are kept; the rest is not
}
