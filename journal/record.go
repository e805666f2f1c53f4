package journal

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/rembus-go/rembus/internal/pieces"
	"github.com/rembus-go/rembus/protocol"
)

// The kinds of records; doc.go describes them. They are on disk: never change
// one.
const (
	recPub    = 1
	recUpsert = 2
	recDelete = 3
	recState  = 16
	recGone   = 17
	recBegin  = 18
	recSnap   = 19
	recMark   = 20
	recEnd    = 21
)

// The flags of a record.
const (
	flagQoS    = 0x03
	flagSlot   = 0x04
	flagJSON   = 0x08
	flagNull   = 0x10
	flagOrigin = 0x80
	shiftID    = 5
	idNone     = 0
	idNumber   = 1
	idBytes    = 2
	idText     = 3
	recordSize = 44      // bytes before from
	originSize = 8       // bytes of the origin time, where there is one
	maxRecord  = 1 << 30 // bytes of a whole record
	maxField   = math.MaxUint16
	lastSeq    = math.MaxInt64 // no record has a higher one; sums do not overflow
	lastClock  = math.MaxInt64 / 2
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	le         = binary.LittleEndian
)

// record is the decoded head of a record: everything but its strings and data.
type record struct {
	length      int // of the whole record
	dataCRC     uint32
	seq         uint64
	time        int64
	kind, flags uint8
	from, topic int // lengths
	id          int
	slot        uint32
	origin      int64  // what is to be put; parse does not read it
	offset      int64  // in the file; set by the scanner
	names       []byte // from, id, topic and origin; set by the scanner, valid until its next call
}

// head is the length of what comes before the data.
func (r *record) head() int {
	n := recordSize + r.from + r.id + r.topic
	if r.flags&flagOrigin != 0 {
		n += originSize
	}
	return n
}

// topicIn returns the topic out of what follows the fixed part of the head.
func (r *record) topicIn(names []byte) []byte {
	at := r.from + r.id
	return names[at : at+r.topic]
}

// data is the length of the data.
func (r *record) data() int { return r.length - r.head() }

// isEntry tells entries from the journal's own records.
func (r *record) isEntry() bool { return r.kind >= recPub && r.kind <= recDelete }

// put writes the head into b, which has recordSize bytes, but for what [seal]
// knows: mark and checksums.
func (r *record) put(b []byte) {
	_ = b[recordSize-1]
	le.PutUint32(b[8:], uint32(r.length))
	le.PutUint64(b[16:], r.seq)
	le.PutUint64(b[24:], uint64(r.time))
	b[32], b[33] = r.kind, r.flags
	le.PutUint16(b[34:], uint16(r.from))
	le.PutUint16(b[36:], uint16(r.topic))
	b[38], b[39] = uint8(r.id), 0
	le.PutUint32(b[40:], r.slot)
}

// parse reads the head from b, which has recordSize bytes. It checks nothing.
func (r *record) parse(b []byte) {
	_ = b[recordSize-1]
	*r = record{
		length: int(le.Uint32(b[8:])), dataCRC: le.Uint32(b[12:]),
		seq: le.Uint64(b[16:]), time: int64(le.Uint64(b[24:])),
		kind: b[32], flags: b[33],
		from: int(le.Uint16(b[34:])), topic: int(le.Uint16(b[36:])), id: int(b[38]),
		slot: le.Uint32(b[40:]),
	}
}

// seal completes the head of a record in b: the file's mark and the checksums,
// of data too. b ends where the data begins.
func seal(b, data []byte, mark uint32) {
	le.PutUint32(b, mark)
	le.PutUint32(b[12:], pieces.Checksum(data, castagnoli))
	le.PutUint32(b[4:], headCRC(b, mark))
}

func headCRC(b []byte, mark uint32) uint32 { return crc32.Update(mark, castagnoli, b[8:]) }

// describe fills r, which is zero, from an entry, its lengths included.
func (r *record) describe(e *protocol.Entry) {
	m := e.Msg
	r.seq, r.time = e.Seq, e.Time
	r.kind, r.flags = recPub+uint8(e.Kind), uint8(m.QoS)&flagQoS
	r.from, r.topic = len(e.From), len(m.Topic)
	if m.HasSlot {
		r.flags |= flagSlot
		r.slot = m.Slot
	}
	if m.Origin != 0 {
		r.flags |= flagOrigin
		r.origin = m.Origin
	}
	switch {
	case m.Data == nil:
		r.flags |= flagNull
	case m.Data.Encoding() == protocol.JSON:
		r.flags |= flagJSON
	}
	if !m.ID.IsZero() {
		r.describeID(m.ID)
	}
	r.length = r.head() + m.Data.Size()
}

func (r *record) describeID(id protocol.ID) {
	var buf [protocol.MaxIDText]byte
	kind := uint8(idBytes)
	if _, ok := id.Number(); ok {
		kind = idNumber
	} else if id.IsText() {
		kind = idText
	}
	r.flags |= kind << shiftID
	r.id = len(id.AppendBytes(buf[:0]))
}

// message rebuilds what a record keeps of a message in m, but for its topic, which
// is the caller's; data is not copied. false: the record holds what Append never
// writes.
func (r *record) message(m *protocol.Message, topic string, data []byte) bool {
	m.Type, m.QoS, m.Topic = protocol.Pub, protocol.QoS(r.flags&flagQoS), topic
	if r.kind != recPub {
		m.Type = protocol.RPC
	}
	m.HasSlot, m.Slot = r.flags&flagSlot != 0, r.slot
	switch {
	case r.flags&flagNull != 0:
	case r.flags&flagJSON != 0:
		m.Data = protocol.NewPayload(protocol.JSON, data)
	default:
		m.Data = protocol.NewPayload(protocol.CBOR, data)
	}
	if r.flags&flagOrigin != 0 {
		m.Origin = int64(le.Uint64(r.names[len(r.names)-originSize:]))
	}
	ok, id := true, r.names[r.from:r.from+r.id]
	switch r.flags >> shiftID & 3 {
	case idNumber:
		if ok = len(id) == 8; ok {
			m.ID = protocol.NumberID(le.Uint64(id))
		}
	case idBytes:
		m.ID, ok = protocol.BytesID(id)
	case idText:
		m.ID, ok = protocol.TextID(string(id))
	}
	return ok
}
