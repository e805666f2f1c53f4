package protocol

import "encoding/binary"

// appendHead appends the shortest head of major type and argument.
func appendHead(dst []byte, major byte, arg uint64) []byte {
	m := major << 5
	switch {
	case arg < 24:
		return append(dst, m|byte(arg))
	case arg <= 0xff:
		return append(dst, m|24, byte(arg))
	case arg <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, m|25), uint16(arg))
	case arg <= 0xffffffff:
		return binary.BigEndian.AppendUint32(append(dst, m|26), uint32(arg))
	}
	return binary.BigEndian.AppendUint64(append(dst, m|27), arg)
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

func appendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, majorBytes, uint64(len(b))), b...)
}

func appendID(dst []byte, id ID) []byte {
	if id.kind == idNumber {
		return binary.LittleEndian.AppendUint64(append(dst, majorBytes<<5|8), id.num)
	}
	return append(appendHead(dst, majorBytes, uint64(len(id.text))), id.text...)
}

// appendCBOR appends the frame of m.
func (c *Codec) appendCBOR(dst []byte, m *Message) ([]byte, error) {
	if m.Type == Pub && (m.QoS == QoS0 || c.wide.Load()) {
		return appendPub(dst, m, m.HasSlot && !c.wide.Load())
	}
	if m.ID.IsZero() {
		return dst, Errorf(StatusError, "a message of type %d needs an id", m.Type)
	}
	switch m.Type {
	case Pub:
		return appendPubID(dst, m, m.ID)
	case RPC:
		dst = appendID(append(dst, 0x85, byte(RPC)), m.ID)
		dst = appendText(dst, m.Topic)
		if m.Target == "" {
			dst = append(dst, cborNull)
		} else {
			dst = appendText(dst, m.Target)
		}
		return appendArgs(dst, m.Data)
	case Admin:
		dst = appendID(append(dst, 0x84, byte(Admin)), m.ID)
		return appendValue(appendText(dst, m.Topic), m.Data)
	case Response:
		dst = appendID(append(dst, 0x84, byte(Response)), m.ID)
		return appendValue(appendHead(dst, majorUint, uint64(m.Status)), m.Data)
	case Ack, Ack2, Unregister:
		return appendID(append(dst, 0x82, byte(m.Type)), m.ID), nil
	case Identity, Register, Attestation:
		return appendLogin(dst, m), nil
	}
	return dst, Errorf(StatusError, "no CBOR message has type %d", m.Type)
}

// appendPub appends a QoS0 PUB, with its slot if that is wanted.
func appendPub(dst []byte, m *Message, slot bool) ([]byte, error) {
	if !slot {
		dst = append(dst, 0x83, byte(Pub))
		return appendArgs(appendText(dst, m.Topic), m.Data)
	}
	// Only the low 32 bits mean anything, but clients cannot take an id of zero.
	return appendPubID(dst, m, NumberID(1<<32|uint64(m.Slot)))
}

func appendPubID(dst []byte, m *Message, id ID) ([]byte, error) {
	flags := m.flags()
	dst = appendHead(append(dst, 0x84), majorUint, uint64(flags)|uint64(Pub))
	dst = appendText(appendID(dst, id), m.Topic)
	return appendArgs(dst, m.Data)
}

// flags returns the high nibble of a PUB.
func (m *Message) flags() (f byte) {
	switch m.QoS {
	case QoS1:
		f = FlagQoS1
	case QoS2:
		f = FlagQoS2
	}
	if m.HasSlot {
		f |= FlagSlot
	}
	return f
}

// appendLogin appends the messages as a component sends them.
func appendLogin(dst []byte, m *Message) []byte {
	login := m.Login
	if login == nil {
		login = &Login{}
	}
	switch m.Type {
	case Identity:
		dst = appendID(append(dst, 0x83, byte(Identity)), m.ID)
		if login.URL != "" {
			return appendText(dst, login.URL)
		}
		return appendText(dst, m.Topic)
	case Register:
		dst = appendID(append(dst, 0x86, byte(Register)), m.ID)
		dst = appendText(appendText(dst, m.Topic), login.Pin)
		return append(appendBytes(dst, login.Key), login.KeyType)
	default:
		dst = appendID(append(dst, 0x84, byte(Attestation)), m.ID)
		return appendBytes(appendText(dst, m.Topic), login.Signature)
	}
}

// appendArgs appends the data of a PUB or an RPC. Null goes as no arguments:
// clients break on null.
func appendArgs(dst []byte, p *Payload) ([]byte, error) {
	if p.IsNull() {
		return append(dst, majorArray<<5), nil
	}
	return appendValue(dst, p)
}

func appendValue(dst []byte, p *Payload) ([]byte, error) {
	if p.IsNull() {
		return append(dst, cborNull), nil
	}
	raw, err := p.CBOR()
	if err != nil {
		return dst, err
	}
	return append(dst, raw...), nil
}
