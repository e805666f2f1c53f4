package protocol

import (
	"errors"
	"fmt"
)

// maxItems is the number of items of the longest message, REGISTER.
const maxItems = 6

// envelope is a frame taken apart: the items of its outer array, all of them
// well-formed.
type envelope struct {
	items   [maxItems][]byte
	n       int  // items in the frame, also those beyond maxItems
	plain   bool // the outer array is written as every client can read it
	badText bool // some text is no valid UTF-8
}

// split takes a frame apart and checks all of it.
func (e *envelope) split(frame []byte, maxDepth int) error {
	h, pos, err := readHead(frame, 0)
	if err != nil {
		return err
	}
	if h.major != majorArray {
		return fmt.Errorf("%w: no CBOR array", ErrMalformed)
	}
	if !h.indefinite() && h.arg > uint64(len(frame)-pos) {
		return errCut
	}
	e.plain = h.minimal()
	s := scanner{buf: frame}
	for n := uint64(0); h.indefinite() || n < h.arg; n++ {
		if h.indefinite() && pos < len(frame) && frame[pos] == cborBreak {
			pos++
			break
		}
		// Data that is no array is one argument of an array not written, and is
		// put into one for the subscribers of a space: that counts.
		depth := maxDepth
		if pos < len(frame) && frame[pos]>>5 != majorArray {
			depth--
		}
		start := pos
		if pos, err = s.value(pos, depth); err != nil {
			return err
		}
		if e.n < maxItems {
			e.items[e.n] = frame[start:pos:pos]
		}
		e.n++
	}
	if pos != len(frame) {
		return errTrailing
	}
	e.badText = s.badText
	return nil
}

// uint returns item i if it is an unsigned integer of at most max.
func (e *envelope) uint(i int, max uint64) (uint64, bool) {
	if i >= e.n {
		return 0, false
	}
	h, _, err := readHead(e.items[i], 0)
	if err != nil || h.major != majorUint || h.arg > max {
		return 0, false
	}
	e.plain = e.plain && h.minimal()
	return h.arg, true
}

// str returns the content of item i if it is a string of the major type.
func (e *envelope) str(i int, major byte) ([]byte, bool) {
	if i >= e.n || i >= maxItems {
		return nil, false
	}
	h, next, err := readHead(e.items[i], 0)
	if err != nil || h.major != major || h.indefinite() {
		return nil, false
	}
	e.plain = e.plain && h.minimal()
	return e.items[i][next:], true
}

// bytes returns item i if it is a byte string, bare or as rembus.js sends it:
// a typed array, tag 64.
func (e *envelope) bytes(i int) ([]byte, bool) {
	if b, ok := e.str(i, majorBytes); ok {
		return b, true
	}
	h, next, err := readHead(e.items[i], 0)
	if err != nil || h.major != majorTag || h.arg != 64 {
		return nil, false
	}
	inner := envelope{n: 1}
	inner.items[0] = e.items[i][next:]
	return inner.str(0, majorBytes)
}

func (e *envelope) id() (ID, bool) {
	b, ok := e.str(1, majorBytes)
	if !ok {
		return ID{}, false
	}
	return BytesID(b)
}

func (e *envelope) null(i int) bool { return isNullCBOR(e.items[i]) }

// decodeCBOR parses a frame, an array whose first item is the type byte, into m,
// a message that is new or was released.
func (c *Codec) decodeCBOR(m *Message, frame []byte) (*Message, error) {
	if c.decodeUsual(m, frame) {
		return m, nil
	}
	m.Topic, m.Data = "", nil
	var e envelope
	if err := e.split(frame, c.limits.MaxDepth); err != nil {
		return nil, err
	}
	b, ok := e.uint(0, 0xff)
	if !ok {
		return nil, fmt.Errorf("%w: no message type", ErrMalformed)
	}
	t, flags := Type(b&0x0f), byte(b&0xf0)
	if t == Pub {
		return c.decodePub(m, &e, flags, frame)
	}
	id, ok := e.id()
	if !ok {
		return nil, fmt.Errorf("%w: message of type %d without an id", ErrMalformed, t)
	}
	m.Type, m.ID = t, id
	if flags != 0 && t != RPC {
		return nil, refuse(m, "unknown flags")
	}
	if e.badText {
		return nil, refuse(m, "text that is not UTF-8")
	}
	if err := c.decodeFields(m, &e); err != nil {
		return nil, err
	}
	if !c.component && id.IsWide() && (t == Identity || t == Admin) {
		c.wide.Store(true)
	}
	return m, nil
}

// decodeUsual parses [1, topic, data] as every client writes it, to a topic that
// was seen before: nearly every frame of a busy connection. Of all others, and
// of those with something wrong, it leaves m as it is.
func (c *Codec) decodeUsual(m *Message, frame []byte) bool {
	if len(frame) < 3 || frame[0] != majorArray<<5|3 || frame[1] != byte(Pub) {
		return false
	}
	h, pos, err := readHead(frame, 2)
	if err != nil || h.major != majorText || !h.minimal() || h.arg > uint64(len(frame)-pos) {
		return false
	}
	data := pos + int(h.arg)
	topic, known := c.topics.get(frame[pos:data])
	if !known || data == len(frame) || frame[data]>>5 != majorArray {
		return false
	}
	s := scanner{buf: frame}
	if end, err := s.value(data, c.limits.MaxDepth); err != nil || end != len(frame) || s.badText {
		return false
	}
	m.Type, m.Topic = Pub, topic
	m.setData(CBOR, frame[data:len(frame):len(frame)])
	m.own.untagged = !s.tagged
	if c.component {
		c.slab.saw(topic)
	}
	c.share(m, frame)
	return true
}

// share keeps the frame of a message that a broker passes on.
func (c *Codec) share(m *Message, frame []byte) {
	if !c.component {
		m.frame = frame
		m.frames[CBOR].Store(&m.frame)
	}
}

// decodeFields reads what follows the id of any message but a PUB.
func (c *Codec) decodeFields(m *Message, e *envelope) error {
	low, high := 0, 0
	switch m.Type {
	case Identity:
		low, high = 3, 4
	case RPC:
		low, high = 5, 5
	case Admin:
		low, high = 4, 4
	case Response:
		low, high = 3, 4
	case Ack, Ack2:
		low, high = 2, 2
	case Unregister:
		low, high = 2, 3
	case Register:
		low, high = 6, 6
	case Attestation:
		low, high = 4, 5
	default:
		return refuse(m, "unknown message type")
	}
	if e.n < low || e.n > high {
		return refuse(m, "wrong number of items")
	}
	switch m.Type {
	case RPC:
		return c.decodeRPC(m, e)
	case Admin:
		return c.decodeAdmin(m, e)
	case Response:
		return decodeResponse(m, e)
	case Ack, Ack2:
		return nil
	}
	return c.decodeLogin(m, e)
}

// decodePub parses [1, topic, data] and [1+flags, id, topic, data].
func (c *Codec) decodePub(m *Message, e *envelope, flags byte, frame []byte) (*Message, error) {
	var id ID
	first := 1 // the item that is the topic
	if flags != 0 || e.n == 4 {
		var ok bool
		if id, ok = e.id(); !ok {
			return nil, fmt.Errorf("%w: PUB without an id", ErrMalformed)
		}
		first = 2
	}
	m.Type, m.HasSlot = Pub, flags&FlagSlot != 0
	switch flags &^ FlagSlot {
	case 0:
	case FlagQoS1:
		m.QoS, m.ID = QoS1, id
	case FlagQoS2:
		m.QoS, m.ID = QoS2, id
	default:
		m.ID = id
		return nil, refuse(m, "unknown flags")
	}
	text, ok := e.str(first, majorText)
	if !ok || e.n != first+2 || (flags == 0 && first == 2) {
		if id.IsZero() {
			return nil, fmt.Errorf("%w: wrong items in a PUB", ErrMalformed)
		}
		return nil, refuse(m, "wrong items in a PUB")
	}
	topic, err := c.pubTopic(text)
	if err != nil {
		return nil, refuseErr(m, err)
	}
	if e.badText {
		return nil, refuse(m, "text that is not UTF-8")
	}
	m.Topic = topic
	if m.HasSlot {
		m.Slot = id.Slot()
	}
	if data := e.items[first+1]; !isNullCBOR(data) {
		m.setData(CBOR, data)
		if m.QoS == QoS0 && e.plain && (!m.HasSlot || id.kind == idNumber && id.num != 0) {
			c.share(m, frame)
		}
	}
	return m, nil
}

// decodeRPC parses [2, id, topic, target-or-null, data].
func (c *Codec) decodeRPC(m *Message, e *envelope) error {
	topic, ok := e.str(2, majorText)
	target, okTarget := e.str(3, majorText)
	if !ok || !okTarget && !e.null(3) {
		return refuse(m, "wrong items in an RPC")
	}
	m.Topic, m.Target = string(topic), string(target)
	if err := CheckTopic(m.Topic, c.limits); err != nil {
		return refuseErr(m, err)
	}
	if m.Target != "" {
		if err := CheckName(m.Target, c.limits); err != nil {
			return refuseErr(m, err)
		}
	}
	m.setItem(e.items[4])
	return nil
}

// decodeAdmin parses [3, id, topic, data-map]. The topic may be a space, or
// nothing that means anything; what the data must hold is the command's affair.
func (c *Codec) decodeAdmin(m *Message, e *envelope) error {
	topic, ok := e.str(2, majorText)
	if !ok {
		return refuse(m, "wrong items in an ADMIN")
	}
	m.Topic = string(topic)
	if err := checkText("topic", m.Topic, c.limits.MaxTopic); err != nil {
		return refuseErr(m, err)
	}
	m.setItem(e.items[3])
	return nil
}

// decodeResponse parses [4, id, status, data]; the data may be left out.
func decodeResponse(m *Message, e *envelope) error {
	status, ok := e.uint(2, 0xff)
	if !ok {
		return refuse(m, "wrong items in a RESPONSE")
	}
	m.Status = Status(status)
	if e.n == 4 {
		m.setItem(e.items[3])
	}
	return nil
}

// setItem makes an item the data of m.
func (m *Message) setItem(raw []byte) {
	if !isNullCBOR(raw) {
		m.setData(CBOR, raw)
	}
}

func isNullCBOR(raw []byte) bool {
	return len(raw) == 1 && (raw[0] == cborNull || raw[0] == cborUndefined)
}

// refuse makes the refusal of m: an answer is owed only to a sender that waits
// for one.
func refuse(m *Message, text string) error {
	return refuseErr(m, &Error{Status: StatusError, Text: text})
}

func refuseErr(m *Message, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Status: StatusError, Text: "refused"}
	}
	bad := &BadMessage{ID: m.ID, Err: e}
	switch m.Type {
	case Response, Ack, Ack2:
		bad.ID = ID{}
	}
	return bad
}
