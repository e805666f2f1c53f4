package schema

import "github.com/rembus-go/rembus/protocol"

// ExtraKind is what an extra column holds, by its key in the file.
type ExtraKind string

// The kinds of extras, in the order in which a table has them, and the Go type of
// their values.
const (
	RecvTS    ExtraKind = "recv_ts"   // uint64: when the broker received the message, ns since 1970
	Slot      ExtraKind = "slot"      // uint32, nil without one: the publisher's slot
	OriginTS  ExtraKind = "origin_ts" // uint64, nil without one: the sender's own time, ns since 1970
	Publisher ExtraKind = "publisher" // string, nil for an anonymous component: the publisher's name
	Topic     ExtraKind = "topic"     // string, nil for upsert_T: the topic of the message
)

// extraKinds are all kinds of extras in order.
var extraKinds = []ExtraKind{RecvTS, Slot, OriginTS, Publisher, Topic}

// Type returns the type of the column.
func (k ExtraKind) Type() Type {
	switch k {
	case RecvTS, OriginTS:
		return UBigInt
	case Slot:
		return UInteger
	}
	return Text
}

// Extra is a column that takes what the broker knows of a message, not what is
// in it.
type Extra struct {
	Kind ExtraKind
	Name string // of the column
}

// value returns what the extra is for an entry of the log, nil for NULL.
func (x Extra) value(e *protocol.Entry) any {
	switch x.Kind {
	case RecvTS:
		return uint64(e.Time)
	case Slot:
		if e.Msg.HasSlot {
			return e.Msg.Slot
		}
	case OriginTS:
		if e.Msg.Origin > 0 {
			return uint64(e.Msg.Origin)
		}
	case Publisher:
		if e.From != "" {
			return e.From
		}
	case Topic:
		if e.Kind == protocol.EntryPub {
			return e.Msg.Topic
		}
	}
	return nil
}

// AppendExtras appends the values of the table's extras for an entry of the log to
// row, in their order, nil for NULL.
func (t *Table) AppendExtras(row []any, e *protocol.Entry) []any {
	for _, x := range t.Extras {
		row = append(row, x.value(e))
	}
	return row
}
