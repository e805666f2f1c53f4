package memlog

import "github.com/rembus-go/rembus/protocol"

// ring is a queue of entries with access by place.
type ring struct {
	items []protocol.Entry // its length is a power of two
	head  int
	n     int
}

func (r *ring) len() int { return r.n }

func (r *ring) at(i int) *protocol.Entry { return &r.items[(r.head+i)&(len(r.items)-1)] }

func (r *ring) push(e protocol.Entry) {
	if r.n == len(r.items) {
		grown := make([]protocol.Entry, max(64, 2*r.n))
		for i := range r.n {
			grown[i] = *r.at(i)
		}
		r.items, r.head = grown, 0
	}
	r.n++
	*r.at(r.n - 1) = e
}

func (r *ring) pop() {
	*r.at(0) = protocol.Entry{}
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.n--
}
