package protocol

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// encoded are values of every type that has a way of its own, and some that have
// not; maps have one key, for their order is free.
var encoded = []any{
	nil, true, false, 0, 23, 24, -1, -24, -25, 255, 256, 1 << 16, math.MaxInt, math.MinInt,
	int8(-128), int16(-300), int32(1 << 30), int64(math.MinInt64), uint(7), uint8(200), uint16(60000), uint32(1 << 31), uint64(math.MaxUint64),
	0.0, math.Copysign(0, -1), 1.5, math.Pi, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1),
	float32(0.1), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)),
	"", "häuser", strings.Repeat("x", 70_000), "\xff", []byte{}, []byte(nil), []byte{1, 2}, make([]byte, 300),
	[]any{}, []any(nil), []any{1, "a", []any{2.5, nil}}, []string{"a", ""}, []string(nil), []float64{1, math.NaN()}, []float32{1},
	[]int{-1, 500}, []int64{1 << 40}, []bool{true, false}, []map[string]any{{"a": 1}, nil},
	map[string]any{}, map[string]any(nil), map[string]any{"a": map[string]any{"b": []int{1}}}, map[string]float64{"t": 18.5},
	map[string]string{"k": "v"}, map[string]int{"n": -5}, map[string]int64{"n": 5}, map[string]bool{"b": true},
	time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), big.NewInt(7), DataFrame("arrow"), RawValue{0x01}, struct{ A int }{1},
	map[int]string{1: "a"}, []uint16{1}, time.Second, [2]int{1, 2}, new(int),
}

// TestEncodeWithoutReflection: the usual types are encoded as the library encodes
// them, alone, in arguments and inside others.
func TestEncodeWithoutReflection(t *testing.T) {
	for _, v := range encoded {
		want, err := encMode.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%T %.20v", v, v)
		if p, err := EncodeValue(v); err != nil || !bytes.Equal(p.Raw(), want) {
			t.Errorf("%s: %x, %v, want %x", name, p.Raw(), err, want)
		}
		nested, err := encMode.Marshal([]any{v, map[string]any{"k": v}})
		if err != nil {
			t.Fatal(err)
		}
		if p, err := EncodeArgs(v, map[string]any{"k": v}); err != nil || !bytes.Equal(p.Raw(), nested) {
			t.Errorf("%s nested: %x, %v, want %x", name, p.Raw(), err, nested)
		}
		m, err := NewMessage(RPC, "f", v, map[string]any{"k": v})
		if err != nil || m.Type != RPC || m.Topic != "f" || !bytes.Equal(m.Data.Raw(), nested) {
			t.Errorf("%s in a message: %+v, %v", name, m, err)
		}
	}
}

// TestEncodeRefusesGoValues: what cannot be encoded is told, wherever it hides.
func TestEncodeRefusesGoValues(t *testing.T) {
	for _, v := range []any{func() {}, make(chan int), []any{1, func() {}}, map[string]any{"f": func() {}}, []map[string]any{{"f": func() {}}}} {
		if p, err := EncodeArgs(v); err == nil {
			t.Errorf("%T became %x", v, p.Raw())
		}
		if p, err := EncodeValue(v); err == nil {
			t.Errorf("%T became %x", v, p.Raw())
		}
		if m, err := NewMessage(Pub, "t", v); err == nil {
			t.Errorf("%T became %x", v, m.Data.Raw())
		}
	}
}

// TestMessageRoom: messages of all sizes keep their data, whatever is made after
// them, and what is appended to the data of one reaches no other.
func TestMessageRoom(t *testing.T) {
	var made, decoded []*Message
	c := NewCodec(Limits{}, CBOR)
	frame := make([]byte, 0, 2000)
	for n := range 700 {
		data := bytes.Repeat([]byte{byte(n)}, n)
		m, err := NewMessage(Pub, "t", data)
		if err != nil {
			t.Fatal(err)
		}
		if frame, err = appendPub(frame[:0], m, false); err != nil {
			t.Fatal(err)
		}
		d, err := c.DecodeCopy(CBOR, frame)
		if err != nil {
			t.Fatal(err)
		}
		clear(frame)
		made, decoded = append(made, m), append(decoded, d)
		_ = append(m.Data.Raw(), 0xff)
		_ = append(d.Data.Raw(), 0xff)
	}
	for n, m := range slices.Concat(made, decoded) {
		n %= 700
		var got []byte
		if list, err := m.Data.Args(); err != nil || list[0].Decode(&got) != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte(n)}, n)) {
			t.Fatalf("%d bytes became %x, %v", n, got, err)
		}
	}
}

// TestMessageFree: a message that is made of one that was freed has nothing of
// it; one that others share is not made anew.
func TestMessageFree(t *testing.T) {
	for range 100 {
		m, err := NewMessage(Pub, "old", make([]byte, 100))
		if err != nil {
			t.Fatal(err)
		}
		m.QoS, m.HasSlot, m.Slot, m.Status, m.ID, m.Origin, m.Target, m.Login = QoS2, true, 7, StatusError, NumberID(1), 5, "x", &Login{}
		m.Release()
		n, err := NewMessage(RPC, "new", "data")
		if err != nil {
			t.Fatal(err)
		}
		if n.Type != RPC || n.QoS != 0 || n.HasSlot || n.Slot != 0 || n.Status != 0 || !n.ID.IsZero() || n.Origin != 0 || n.Target != "" || n.Login != nil ||
			n.Topic != "new" || string(n.Data.Raw()) != "\x81\x64data" {
			t.Fatalf("got %+v", n)
		}
	}
	shared, err := NewMessage(Pub, "t", "kept")
	if err != nil {
		t.Fatal(err)
	}
	frame, _, ok, err := NewCodec(Limits{}, CBOR).Encode(shared, nil)
	if err != nil || !ok {
		t.Fatal("not shared", err)
	}
	converted, err := NewMessage(Pub, "t", "kept")
	if err != nil {
		t.Fatal(err)
	}
	text, err := converted.Data.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Message{shared, converted, NewPub("t", TextPayload("kept"))} {
		m.Release()
		if m.Topic != "t" || m.Data == nil {
			t.Errorf("taken apart: %+v", m)
		}
	}
	if string(frame) != "\x83\x01\x61t\x81\x64kept" || string(text) != `["kept"]` {
		t.Errorf("%x, %s", frame, text)
	}
}
