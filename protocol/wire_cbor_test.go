package protocol

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
)

// wireCBOR is testdata/wire/cbor.json, which Python's cbor2 wrote.
type wireCBOR struct {
	Messages []wireMessage
	Values   []wireValue
}

type wireMessage struct {
	Name   string
	Hex    hexBytes
	End    string
	Fields *wireFields
	Origin bool     // our encoder writes the same bytes
	Pass   bool     // the frame goes on as it came
	Out    hexBytes // our encoder writes these instead
	Error  any      // "malformed" or the status
	ID     hexBytes // of the refusal
}

type wireFields struct {
	Type      Type
	QoS       QoS
	Slot      *uint32
	ID        hexBytes
	Topic     string
	Target    string
	Status    Status
	Data      hexBytes
	URL       string
	Pin       string
	Key       hexBytes
	KeyType   uint8 `json:"key_type"`
	Signature hexBytes
}

type wireValue struct {
	Name string
	Hex  hexBytes
	Want string
	Same bool
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func readWire(t testing.TB) (w wireCBOR) {
	t.Helper()
	text, err := os.ReadFile("../testdata/wire/cbor.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *wireMessage) codec() *Codec {
	if w.End == "component" {
		return NewComponentCodec(Limits{}, CBOR)
	}
	return NewCodec(Limits{}, CBOR)
}

// TestWireCBOR holds every row of the message table, with every width of id, in
// both directions, against the bytes of cbor2.
func TestWireCBOR(t *testing.T) {
	for _, w := range readWire(t).Messages {
		t.Run(w.Name, func(t *testing.T) {
			m, err := w.codec().Decode(CBOR, w.Hex)
			if w.Error != nil {
				w.checkError(t, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w.Fields.check(t, m)
			w.checkEncode(t, m)
		})
	}
}

func (w *wireMessage) checkError(t *testing.T, err error) {
	t.Helper()
	if w.Error == "malformed" {
		if !errors.Is(err, ErrMalformed) {
			t.Fatalf("got %v, want an error that ends the connection", err)
		}
		return
	}
	var bad *BadMessage
	if !errors.As(err, &bad) {
		t.Fatalf("got %v, want a *BadMessage", err)
	}
	if errors.Is(err, ErrMalformed) {
		t.Fatalf("%v ends the connection", err)
	}
	if got := float64(bad.Err.Status); got != w.Error {
		t.Errorf("status %v, want %v", got, w.Error)
	}
	if got := string(bad.ID.AppendBytes(nil)); got != string(w.ID) {
		t.Errorf("refused under the id %x, want %x", got, w.ID)
	}
}

func (f *wireFields) check(t *testing.T, m *Message) {
	t.Helper()
	equal := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s %v, want %v", what, got, want)
		}
	}
	equal("type", m.Type, f.Type)
	equal("qos", m.QoS, f.QoS)
	equal("has slot", m.HasSlot, f.Slot != nil)
	if f.Slot != nil {
		equal("slot", m.Slot, *f.Slot)
	}
	equal("id", hex.EncodeToString(m.ID.AppendBytes(nil)), hex.EncodeToString(f.ID))
	equal("topic", m.Topic, f.Topic)
	equal("target", m.Target, f.Target)
	equal("status", m.Status, f.Status)
	equal("null", m.Data == nil, f.Data == nil)
	if f.Data != nil && m.Data != nil {
		equal("data", hex.EncodeToString(m.Data.Raw()), hex.EncodeToString(f.Data))
	}
	switch f.Type {
	case Identity, Register, Attestation:
		equal("url", m.Login.URL, f.URL)
		equal("pin", m.Login.Pin, f.Pin)
		equal("key", string(m.Login.Key), string(f.Key))
		equal("key type", m.Login.KeyType, f.KeyType)
		equal("signature", string(m.Login.Signature), string(f.Signature))
	}
}

// message returns the message as a program makes it that sends these fields.
func (f *wireFields) message() *Message {
	m := &Message{Type: f.Type, QoS: f.QoS, Topic: f.Topic, Target: f.Target, Status: f.Status}
	if f.Slot != nil {
		m.HasSlot, m.Slot = true, *f.Slot
	}
	m.ID, _ = BytesID(f.ID)
	if f.Data != nil {
		m.Data = NewPayload(CBOR, f.Data)
	}
	m.Login = &Login{URL: f.URL, Pin: f.Pin, Key: f.Key, KeyType: f.KeyType, Signature: f.Signature}
	return m
}

// checkEncode sends what was received, and the same made anew, through another
// connection.
func (w *wireMessage) checkEncode(t *testing.T, m *Message) {
	t.Helper()
	want := w.Out
	if w.Origin || w.Pass {
		want = w.Hex
	}
	if want == nil {
		return
	}
	sent := []*Message{m}
	if !w.Pass {
		sent = append(sent, w.Fields.message())
	}
	for _, m := range sent {
		frame, enc, shared, err := NewCodec(Limits{}, CBOR).Encode(m, []byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		if !shared {
			if string(frame[:6]) != "before" {
				t.Fatalf("the frame %x was not appended to scratch", frame)
			}
			frame = frame[6:]
		}
		if enc != CBOR || string(frame) != string(want) {
			t.Errorf("encoded %s %x\n    want %x", enc, frame, want)
		}
	}
	if w.Pass {
		frame, _, shared, _ := NewCodec(Limits{}, CBOR).Encode(m, nil)
		if !shared || &frame[0] != &w.Hex[0] {
			t.Error("the frame that came in is not the one that goes out")
		}
	}
}

// TestWireValues holds values that other programs wrote, and that ours has the
// same bytes for the same value.
func TestWireValues(t *testing.T) {
	for _, w := range readWire(t).Values {
		t.Run(w.Name, func(t *testing.T) {
			var v any
			if err := RawValue(w.Hex).Decode(&v); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%T %v", v, v); got != w.Want {
				t.Errorf("got %s, want %s", got, w.Want)
			}
			if !w.Same {
				return
			}
			p, err := EncodeValue(v)
			if err != nil {
				t.Fatal(err)
			}
			if string(p.Raw()) != string(w.Hex) {
				t.Errorf("encoded %x, want %x", p.Raw(), w.Hex)
			}
		})
	}
}
