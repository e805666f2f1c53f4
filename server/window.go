package server

import (
	"cmp"

	"github.com/rembus-go/rembus/protocol"
)

// deliveryKey names one delivery of a QoS1/2 message to a twin.
type deliveryKey struct {
	Seq uint64 `cbor:"1,keyasint"`
	Num uint32 `cbor:"2,keyasint"` // of the subscription
}

// window holds the QoS1/2 deliveries of a connection that are not acked yet, by
// their ids. Guarded by the core's lock.
type window map[uint64]deliveryKey

// unacked is a delivery as the log remembers it.
type unacked struct {
	deliveryKey
	ID uint64 `cbor:"3,keyasint"`
}

func (w *window) add(id uint64, key deliveryKey) {
	if *w == nil {
		*w = make(window)
	}
	(*w)[id] = key
}

// append adds the deliveries of w to list.
func (w window) append(list []unacked) []unacked {
	for id, k := range w {
		list = append(list, unacked{k, id})
	}
	return list
}

// compare orders deliveries as they are offered.
func (k deliveryKey) compare(l deliveryKey) int {
	return cmp.Or(cmp.Compare(k.Seq, l.Seq), cmp.Compare(k.Num, l.Num))
}

// The id of a delivery is computed, not counted, so that a resend carries the
// same one, also after a crash of the broker. From the highest bit:
//
//	without slot   11 zero | seq and num, upper 20 bits | QoS2 | seq and num, lower 32 bits
//	with slot      11 zero | seq and num, mixed to 20   | QoS2 | slot, 32 bits
//
// 53 bits are exact in every JSON. Two deliveries that would share an id in one
// window take the next free one.
//
// What a client remembers of QoS2 ids must not meet a later delivery: those of one
// slot repeat after 2^20-1 messages for one subscription. The golden section keeps
// those of several as far apart as can be.
const (
	idBits  = 53
	qos2Bit = 1 << 32
	spread  = 648_055
)

func deliveryID(key deliveryKey, m *protocol.Message) uint64 {
	v := key.Seq<<10 | uint64(key.Num&1023)
	high, low := v>>32, v&(1<<32-1)
	if m.HasSlot {
		high, low = (key.Seq+uint64(key.Num)*spread)%(1<<20-1)+1, uint64(m.Slot)
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
