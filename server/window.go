package server

import (
	"slices"

	"github.com/rembus-go/rembus/protocol"
)

// deliveryKey names one delivery of a QoS1/2 message to a twin.
type deliveryKey struct {
	Seq uint64 `cbor:"1,keyasint"`
	Num uint32 `cbor:"2,keyasint"` // of the subscription
}

// delivery is a QoS1/2 message on its way to a subscriber.
type delivery struct {
	deliveryKey
	id    uint64
	acked bool
}

// window holds the QoS1/2 deliveries of a connection that are not acked yet, and
// those acked ahead of an older one. Guarded by the core's lock.
//
// Invariant: order is sorted by Seq and its first element is not acked.
type window struct {
	byID  map[uint64]*delivery
	keys  map[deliveryKey]struct{} // of all in order
	order []*delivery
}

// holds reports whether the delivery was made in this connection and is not
// below low.
func (w *window) holds(k deliveryKey) bool {
	_, ok := w.keys[k]
	return ok
}

// add takes a delivery up; its id must be free.
func (w *window) add(d *delivery) {
	if w.byID == nil {
		w.byID = make(map[uint64]*delivery)
		w.keys = make(map[deliveryKey]struct{})
	}
	w.byID[d.id] = d
	w.keys[d.deliveryKey] = struct{}{}
	i := len(w.order)
	for i > 0 && w.order[i-1].Seq > d.Seq { // nearly always at the end
		i--
	}
	w.order = slices.Insert(w.order, i, d)
}

// ack marks the delivery under id as acked and returns it.
func (w *window) ack(id uint64) (*delivery, bool) {
	d, ok := w.byID[id]
	if !ok {
		return nil, false
	}
	delete(w.byID, id)
	d.acked = true
	n := 0
	for n < len(w.order) && w.order[n].acked {
		delete(w.keys, w.order[n].deliveryKey)
		n++
	}
	w.order = slices.Delete(w.order, 0, n)
	return d, true
}

// low returns the oldest sequence without ACK, or pos if that is older.
func (w *window) low(pos uint64) uint64 {
	if len(w.order) > 0 {
		return min(w.order[0].Seq, pos)
	}
	return pos
}

// ackedAbove returns what was acked out of order.
func (w *window) ackedAbove() (keys []deliveryKey) {
	for _, d := range w.order {
		if d.acked {
			keys = append(keys, d.deliveryKey)
		}
	}
	return keys
}

// The id of a delivery is computed, not counted, so that a resend carries the
// same one, also after a crash of the broker. From the highest bit:
//
//	without slot   11 zero | seq and num, upper 20 bits | QoS2 | seq and num, lower 32 bits
//	with slot      11 zero | seq and num, mixed to 20   | QoS2 | slot, 32 bits
//
// 53 bits are exact in every JSON. Two deliveries that would share an id in one
// window take the next free one.
const (
	idBits  = 53
	qos2Bit = 1 << 32
)

func deliveryID(key deliveryKey, m *protocol.Message) uint64 {
	v := key.Seq<<10 | uint64(key.Num&1023)
	high, low := v>>32, v&(1<<32-1)
	if m.HasSlot {
		high, low = v%(1<<20-1)+1, uint64(m.Slot)
	}
	id := (high<<33 | low) & (1<<idBits - 1)
	if m.QoS == protocol.QoS2 {
		id |= qos2Bit
	}
	return id
}

// isQoS2 reads from a delivery's id what it was: so that an anonymous
// subscriber's ACK needs no state.
func isQoS2(id uint64) bool { return id&qos2Bit != 0 }

// nextID steps over an id that is taken, keeping QoS and slot.
func nextID(id uint64) uint64 { return (id + qos2Bit<<1) & (1<<idBits - 1) }
