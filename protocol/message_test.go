package protocol

import "testing"

// TestSpaced: subscribers of a space get the pattern as the topic, and the real
// topic in front of the arguments.
func TestSpaced(t *testing.T) {
	for name, c := range map[string]struct{ published, want string }{
		"arguments":    {"\x83\x01\x65k/e/y\x81\x61v", "\x83\x01\x65k/*/y\x82\x65k/e/y\x61v"},
		"no arguments": {"\x83\x01\x65k/e/y\x80", "\x83\x01\x65k/*/y\x81\x65k/e/y"},
		"null":         {"\x83\x01\x65k/e/y\xf6", "\x83\x01\x65k/*/y\x81\x65k/e/y"},
		"one value":    {"\x83\x01\x65k/e/y\x61v", "\x83\x01\x65k/*/y\x82\x65k/e/y\x61v"},
		"indefinite":   {"\x9f\x01\x65k/e/y\x9f\x61v\xff\xff", "\x83\x01\x65k/*/y\x82\x65k/e/y\x61v"},
		"slot": {"\x84\x18\x41\x48\x09\x00\x00\x00\x05\x00\x00\x00\x65k/e/y\x81\x61v",
			"\x84\x18\x41\x48\x09\x00\x00\x00\x01\x00\x00\x00\x65k/*/y\x82\x65k/e/y\x61v"},
	} {
		t.Run(name, func(t *testing.T) {
			m := decode(t, NewCodec(Limits{}, CBOR), []byte(c.published))
			spaced := m.Spaced("k/*/y")
			frame := encode(t, NewCodec(Limits{}, CBOR), spaced)
			if string(frame) != c.want {
				t.Errorf("goes out as %x, want %x", frame, c.want)
			}
			got := decode(t, NewComponentCodec(Limits{}, CBOR), frame)
			if got.Topic != "k/*/y" || got.HasSlot != m.HasSlot || got.Slot != m.Slot {
				t.Errorf("arrives as %+v", got)
			}
			if m.Topic != "k/e/y" || encode(t, NewCodec(Limits{}, CBOR), m)[0] == 0 {
				t.Error("the published message was changed")
			}
		})
	}
}

// TestDelivery: every delivery has an id of its own and shares the data.
func TestDelivery(t *testing.T) {
	published := "\x84\x18\x71\x48\x09\x00\x00\x00\x05\x00\x00\x00\x61a\x82\x1b\x00\x00\x00\x00\x00\x00\x00\x01\x02"
	m := decode(t, NewCodec(Limits{}, CBOR), []byte(published))
	for _, c := range []struct {
		qos   QoS
		flags string
	}{{QoS1, "\x18\x51"}, {QoS2, "\x18\x71"}} {
		d := m.Delivery(NumberID(7<<32|9), c.qos)
		if d.Data != m.Data {
			t.Error("the data is not shared")
		}
		want := "\x84" + c.flags + "\x48\x09\x00\x00\x00\x07\x00\x00\x00\x61a\x82\x1b\x00\x00\x00\x00\x00\x00\x00\x01\x02"
		if frame := encode(t, NewCodec(Limits{}, CBOR), d); string(frame) != want {
			t.Errorf("QoS%d goes out as %x, want %x", c.qos, frame, want)
		}
		spaced := m.Spaced("**").Delivery(NumberID(8), c.qos)
		if got := decode(t, NewComponentCodec(Limits{}, CBOR), encode(t, NewCodec(Limits{}, CBOR), spaced)); got.Topic != "**" || got.QoS != c.qos || got.ID != NumberID(8) || !got.HasSlot {
			t.Errorf("a space delivery arrives as %+v", got)
		}
	}
	if m.QoS != QoS2 || m.Slot != 9 {
		t.Errorf("the published message was changed to %+v", m)
	}
}

// TestOrigin: the sender's time stays with every copy, and is not on the wire.
func TestOrigin(t *testing.T) {
	c := NewCodec(Limits{}, CBOR)
	m := &Message{Type: Pub, QoS: QoS1, ID: NumberID(1), Topic: "a", Data: TextPayload("x")}
	frame := encode(t, c, m)
	m.Origin = 1769854830123456789
	for _, copied := range []*Message{m, m.Delivery(NumberID(1), QoS1), m.Spaced("**")} {
		if copied.Origin != m.Origin {
			t.Errorf("%s: %d", copied.Topic, copied.Origin)
		}
	}
	if got := encode(t, c, m); string(got) != string(frame) {
		t.Errorf("%x, want %x", got, frame)
	}
}

func TestMessageSize(t *testing.T) {
	small, large := NewPub("a", nil), NewPub("a", NewPayload(CBOR, make([]byte, 1000)))
	if small.Size() <= 0 || large.Size() != small.Size()+1000 {
		t.Errorf("sizes %d and %d", small.Size(), large.Size())
	}
	if QoS0.Class() != 0 || QoS1.Class() != 1 || QoS2.Class() != 1 {
		t.Error("classes")
	}
}
