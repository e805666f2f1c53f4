package protocol

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// FuzzDecodeCBOR: a frame never panics, and a message that was decoded goes out
// as a frame that decodes to the same message.
func FuzzDecodeCBOR(f *testing.F) {
	for _, w := range readWire(f).Messages {
		f.Add([]byte(w.Hex), w.End == "component")
	}
	f.Fuzz(func(t *testing.T, frame []byte, component bool) {
		codec := NewCodec
		if component {
			codec = NewComponentCodec
		}
		received := bytes.Clone(frame)
		c := codec(Limits{}, CBOR)
		m, err := c.Decode(CBOR, frame)
		if err == nil { // now its topic is known
			if n, err := c.Decode(CBOR, frame); err != nil || !reflect.DeepEqual(fieldsOf(m), fieldsOf(n)) || (m.frame == nil) != (n.frame == nil) {
				t.Fatalf("%x\n decodes to %+v\n and then to %+v, %v", frame, fieldsOf(m), fieldsOf(n), err)
			}
		}
		if err != nil {
			var bad *BadMessage
			if errors.As(err, &bad) == errors.Is(err, ErrMalformed) {
				t.Fatalf("%v is not one of both kinds", err)
			}
			return
		}
		out, _, _, err := NewCodec(Limits{}, CBOR).Encode(m, nil)
		if err != nil {
			t.Fatalf("failed to encode what was decoded: %v", err)
		}
		again, err := codec(Limits{}, CBOR).Decode(CBOR, out)
		if err != nil {
			t.Fatalf("failed to decode %x, made from %x: %v", out, frame, err)
		}
		if a, b := fieldsOf(m), fieldsOf(again); !reflect.DeepEqual(a, b) {
			t.Fatalf("%x\n decodes to %+v\n%x\n to %+v", frame, a, out, b)
		}
		if _, err := m.Data.Args(); err == nil && m.Data != nil {
			checkSpaced(t, m)
		}
		if !bytes.Equal(frame, received) {
			t.Fatal("the frame was changed")
		}
	})
}

// fieldsOf returns what must survive encoding.
func fieldsOf(m *Message) any {
	type fields struct {
		Type   Type
		QoS    QoS
		Slot   uint32
		ID     ID
		Texts  [2]string
		Status Status
		Data   []byte
		Login  *Login
	}
	f := fields{m.Type, m.QoS, m.Slot, m.ID, [2]string{m.Topic, m.Target}, m.Status, nil, m.Login}
	if m.Type == Unregister {
		f.Texts[0] = "" // ours goes without it
	}
	if m.Data != nil {
		f.Data = m.Data.Raw()
	} else if m.Type == Pub || m.Type == RPC {
		f.Data = []byte{0x80}
	}
	return f
}

// checkSpaced: the arguments of a space delivery are the topic and the bytes of
// the published ones.
func checkSpaced(t *testing.T, m *Message) {
	t.Helper()
	before, _ := m.Data.Args()
	data := m.Data.Prepend("real/topic")
	if _, err := checkCBOR(data.Raw(), DefaultLimits().MaxDepth); err != nil {
		t.Fatalf("splicing %x gave %x: %v", m.Data.Raw(), data.Raw(), err)
	}
	after, err := data.Args()
	if err != nil {
		t.Fatalf("splicing %x gave %x: %v", m.Data.Raw(), data.Raw(), err)
	}
	if bytes.Contains(m.Data.Raw(), recordMark) {
		return // expanded in both, which is compared elsewhere
	}
	if len(after) != len(before)+1 || string(after[0]) != "\x6areal/topic" {
		t.Fatalf("splicing %x gave %x", m.Data.Raw(), data.Raw())
	}
	for i := range before {
		if !bytes.Equal(before[i], after[i+1]) {
			t.Fatalf("argument %d of %x was changed", i, m.Data.Raw())
		}
	}
}

// FuzzWellFormed compares the scanner with fxamacker.
func FuzzWellFormed(f *testing.F) {
	w := readWire(f)
	for _, v := range w.Values {
		f.Add([]byte(v.Hex))
	}
	for _, m := range w.Messages {
		f.Add([]byte(m.Hex))
	}
	mode, err := cbor.DecOptions{MaxNestedLevels: 65535, MaxArrayElements: 1<<31 - 1, MaxMapPairs: 1<<31 - 1}.DecMode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := checkCBOR(raw, 1000)
		if errors.Is(err, errDepth) {
			return
		}
		if want := mode.Wellformed(raw); (err == nil) != (want == nil) {
			t.Fatalf("%x: we say %v, fxamacker says %v", raw, err, want)
		}
	})
}

// FuzzRawValue: decoding never panics, gives the promised types alone, and what
// it gives can be encoded and decoded again to the same.
func FuzzRawValue(f *testing.F) {
	w := readWire(f)
	for _, v := range w.Values {
		f.Add([]byte(v.Hex))
	}
	for _, m := range w.Messages {
		if m.Fields != nil {
			f.Add([]byte(m.Fields.Data))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var typed struct {
			A any
			B []int
			C map[string]any
		}
		RawValue(raw).Decode(&typed)
		var v any
		if err := RawValue(raw).Decode(&v); err != nil {
			return
		}
		p, err := EncodeValue(v)
		if err != nil {
			t.Fatalf("failed to encode %#v: %v", v, err)
		}
		var again any
		if err := p.Decode(&again); err != nil {
			t.Fatalf("failed to decode %x, made from %x: %v", p.Raw(), raw, err)
		}
		if second, err := EncodeValue(again); err != nil || len(second.Raw()) != len(p.Raw()) {
			t.Fatalf("%x became %x, %v", p.Raw(), second.Raw(), err)
		}
	})
}
