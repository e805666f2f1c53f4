package server

import (
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// idState is how far the exchange of a QoS2 message with its publisher has come.
type idState uint8

const (
	idPending  idState = iota // appended, not on disk yet
	idAcked                   // ACK sent, ACK2 awaited
	idReleased                // ACK2 came; a resend may still cross it
)

// Bounds of what is remembered of a publisher's QoS2 ids.
const (
	maxIDs       = 1 << 16
	releasedKept = 30 * time.Second
)

// publisherIDs remembers the QoS2 messages of one publisher, so that a repeat is
// known as one. Guarded by the core's lock.
type publisherIDs struct {
	known map[protocol.ID]*knownID
	order []*knownID // oldest first; may hold forgotten ones
}

type knownID struct {
	id      protocol.ID
	state   idState
	expires int64 // ns; set when released
	gone    bool
}

func (p *publisherIDs) state(id protocol.ID) (idState, bool) {
	k, ok := p.known[id]
	if !ok {
		return 0, false
	}
	return k.state, true
}

func (p *publisherIDs) add(id protocol.ID) {
	if p.known == nil {
		p.known = make(map[protocol.ID]*knownID)
	}
	for len(p.known) >= maxIDs {
		p.drop(p.order[0])
		p.order = p.order[1:]
	}
	k := &knownID{id: id}
	p.known[id] = k
	p.order = append(p.order, k)
}

func (p *publisherIDs) acked(id protocol.ID) {
	if k, ok := p.known[id]; ok && k.state == idPending {
		k.state = idAcked
	}
}

// release notes the ACK2 of id.
func (p *publisherIDs) release(id protocol.ID, now int64) {
	if k, ok := p.known[id]; ok && k.state == idAcked {
		k.state = idReleased
		k.expires = now + int64(releasedKept)
	}
}

func (p *publisherIDs) forget(id protocol.ID) {
	if k, ok := p.known[id]; ok {
		p.drop(k)
	}
}

func (p *publisherIDs) drop(k *knownID) {
	if !k.gone {
		k.gone = true
		delete(p.known, k.id)
	}
}

// unreleased returns the ids whose ACK2 has not come, oldest first.
func (p *publisherIDs) unreleased() (ids []idRecord) {
	for _, k := range p.order {
		if !k.gone && k.state != idReleased {
			ids = append(ids, recordID(k.id))
		}
	}
	return ids
}

// restore takes up an id of an earlier run, whose message is in the log.
func (p *publisherIDs) restore(id protocol.ID) {
	if _, known := p.known[id]; !known && !id.IsZero() {
		p.add(id)
		p.acked(id)
	}
}

// idRecord is an id as the log keeps it.
type idRecord struct {
	Number uint64 `cbor:"1,keyasint,omitempty"`
	Bytes  []byte `cbor:"2,keyasint,omitempty"`
	Text   bool   `cbor:"3,keyasint,omitempty"`
}

func recordID(id protocol.ID) idRecord {
	if n, ok := id.Number(); ok {
		return idRecord{Number: n}
	}
	return idRecord{Bytes: id.AppendBytes(nil), Text: id.IsText()}
}

func (r idRecord) id() (id protocol.ID) {
	switch {
	case r.Text:
		id, _ = protocol.TextID(string(r.Bytes))
	case r.Bytes != nil:
		id, _ = protocol.BytesID(r.Bytes)
	default:
		id = protocol.NumberID(r.Number)
	}
	return id
}

// expire forgets what was released long enough ago.
func (p *publisherIDs) expire(now int64) {
	kept := p.order[:0]
	for _, k := range p.order {
		if k.state == idReleased && k.expires <= now {
			p.drop(k)
		}
		if !k.gone {
			kept = append(kept, k)
		}
	}
	clear(p.order[len(kept):])
	p.order = kept
}
