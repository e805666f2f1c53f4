//go:build !race

package protocol

import "testing"

// TestAllocations: what a message costs, in allocations.
func TestAllocations(t *testing.T) {
	c, component := NewCodec(Limits{}, CBOR), NewComponentCodec(Limits{}, CBOR)
	data, reading := make([]byte, 128), map[string]float64{"temperature": 18.5, "pressure": 1013.2}
	m, err := NewMessage(Pub, "a/topic", data)
	if err != nil {
		t.Fatal(err)
	}
	frame, _, _, err := component.Encode(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	made := m
	buf := make([]byte, 0, 256)
	var boxed, boxedMap any = data, reading
	for _, test := range []struct {
		name string
		want float64
		run  func()
	}{
		{"NewMessage of bytes", 1, func() { m, _ = NewMessage(Pub, "a/topic", boxed) }},
		{"NewMessage of a map", 1, func() { m, _ = NewMessage(Pub, "a/topic", boxedMap) }},
		{"NewMessage after Free", 0, func() {
			if n, err := NewMessage(Pub, "a/topic", boxed); err == nil {
				n.Release()
			}
		}},
		{"EncodeArgs", 2, func() { _, _ = EncodeArgs(boxed) }},
		{"DecodeCopy", 1, func() { m, _ = c.DecodeCopy(CBOR, frame) }},
		{"Decode", 1, func() { m, _ = c.Decode(CBOR, frame) }},
		{"Encode by a component", 0, func() { _, _, _, _ = component.Encode(made, buf) }},
		{"Encode as received", 0, func() { _, _, _, _ = c.Encode(m, buf) }},
	} {
		if got := testing.AllocsPerRun(200, test.run); got != test.want {
			t.Errorf("%s: %v allocations, want %v", test.name, got, test.want)
		}
	}
}
