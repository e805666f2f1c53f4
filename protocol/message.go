package protocol

import "sync/atomic"

// Type is the kind of a message: the low nibble of the type byte.
type Type uint8

// The message types. Ping and Close exist only over ZeroMQ.
const (
	Identity    Type = 0
	Pub         Type = 1
	RPC         Type = 2
	Admin       Type = 3
	Response    Type = 4
	Ack         Type = 5
	Ack2        Type = 6
	Unregister  Type = 9
	Register    Type = 10
	Attestation Type = 11
	Ping        Type = 12
	Close       Type = 15
)

// Flags of a PUB: the high nibble of the type byte.
const (
	FlagQoS1 = 0x10
	FlagQoS2 = 0x30
	FlagSlot = 0x40
)

// QoS is the delivery promise of a published message.
type QoS uint8

const (
	QoS0 QoS = 0 // at most once
	QoS1 QoS = 1 // at least once
	QoS2 QoS = 2 // exactly once
)

// Class is the ordering class of a QoS: 0 for QoS0, 1 for QoS1 and QoS2.
func (q QoS) Class() int {
	if q == QoS0 {
		return 0
	}
	return 1
}

// Message is one protocol message. Fields that its type does not have are
// zero. A Message that was received or handed to a [Link] must not be changed;
// it may be shared freely.
type Message struct {
	Type    Type
	QoS     QoS
	HasSlot bool
	Status  Status // Response
	Slot    uint32 // Pub, when HasSlot
	ID      ID     // none for a QoS0 PUB
	Origin  int64  // Pub: the sender's own time, nanoseconds since 1970; 0 = none. Never on the Rembus wire: transports that carry one set it
	Topic   string // Pub: topic; RPC: method; Admin: its topic; Identity, Register, Attestation, Unregister, Ping: the component's name
	Target  string // RPC: the component that must serve it; "" = any
	Data    *Payload
	Login   *Login // Identity, Register, Attestation

	frames [2]atomic.Pointer[[]byte] // of a QoS0 PUB, by Encoding: the frame as received or encoded once, shared by all receivers
	frame  []byte                    // what frames points to when the frame was received, so that it costs no allocation; else the room of a message that can be freed
	own    Payload                   // what Data points to when the message was received, for the same reason
}

// setData makes raw, which belongs to the frame being decoded, the data of m.
func (m *Message) setData(enc Encoding, raw []byte) {
	m.own.enc, m.own.raw, m.own.untagged = enc, raw, false
	m.Data = &m.own
}

// Login holds what only login messages carry.
type Login struct {
	URL       string // Identity: the cid as it came, when it was a URL
	Pin       string
	Key       []byte // the public key as sent
	KeyType   uint8  // 1 RSA, 2 ECDSA
	Signature []byte
}

// NewPub returns a QoS0 publish message without slot.
func NewPub(topic string, data *Payload) *Message {
	return &Message{Type: Pub, Topic: topic, Data: data}
}

// NewResponse returns the answer to the request id. Data may be nil for null.
func NewResponse(id ID, s Status, data *Payload) *Message {
	return &Message{Type: Response, ID: id, Status: s, Data: data}
}

// NewError returns the answer that refuses the request id with err's status
// and text.
func NewError(id ID, err *Error) *Message {
	return NewResponse(id, err.Status, TextPayload(err.Text))
}

// NewAck returns the ACK of id.
func NewAck(id ID) *Message { return &Message{Type: Ack, ID: id} }

// NewAck2 returns the ACK2 of id.
func NewAck2(id ID) *Message { return &Message{Type: Ack2, ID: id} }

// Delivery returns m, a PUB with QoS1 or QoS2, as one delivery under an id of
// the sender's own. The data is shared.
func (m *Message) Delivery(id ID, q QoS) *Message {
	return &Message{Type: Pub, QoS: q, HasSlot: m.HasSlot, Slot: m.Slot, ID: id, Origin: m.Origin, Topic: m.Topic, Data: m.Data}
}

// Spaced returns m, a PUB, as subscribers of the space pattern receive it: the
// topic is the pattern and the arguments are the real topic followed by the
// published ones, whose bytes are copied but never re-encoded. Make it once per
// pattern and share it.
func (m *Message) Spaced(pattern string) *Message {
	return &Message{Type: Pub, QoS: m.QoS, HasSlot: m.HasSlot, Slot: m.Slot, ID: m.ID, Origin: m.Origin, Topic: pattern, Data: m.Data.Prepend(m.Topic)}
}

// Size is about the memory that m holds, in bytes: for the bounds of queues.
func (m *Message) Size() int {
	return 192 + len(m.Topic) + m.Data.Size()
}
