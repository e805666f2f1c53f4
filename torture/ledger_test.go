package torture

import "github.com/rembus-go/rembus/protocol"

// reading is what is published: the number of the message, from 1 for each
// publisher, under <publisher>/reading.
type reading struct {
	N   uint64       `cbor:"n"`
	QoS protocol.QoS `cbor:"qos"`
	End bool         `cbor:"end,omitempty"` // the last one of its publisher
}

// promise is what became of a published message at its publisher.
type promise struct {
	qos     protocol.QoS
	acked   bool
	refused bool // the broker said no; it may have taken an earlier sending
}

// ledger is what a publisher has published, by number from 1.
type ledger []promise

func (l ledger) end() uint64 { return uint64(len(l)) }

func (l ledger) of(n uint64) *promise { return &l[n-1] }

// acked counts the acked messages of a QoS.
func (l ledger) acked(qos protocol.QoS) (n int) {
	for _, p := range l {
		if p.acked && p.qos == qos {
			n++
		}
	}
	return n
}

// tally counts what somebody got of one publisher.
type tally struct {
	counts map[uint64]int
	last   [2]uint64 // by class: the newest of the first deliveries
	wrong  []string
}

// add notes a message, other than one that QoS2 recognized as a repeat.
func (y *tally) add(r reading) (first bool) {
	if y.counts == nil {
		y.counts = make(map[uint64]int)
	}
	y.counts[r.N]++
	if y.counts[r.N] > 1 {
		return false
	}
	k := r.QoS.Class()
	if r.N < y.last[k] {
		y.fault("QoS%d message %d came after %d", r.QoS, r.N, y.last[k])
	}
	y.last[k] = max(y.last[k], r.N)
	return true
}
