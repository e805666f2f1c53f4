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

// TestAllocationsOfDeliveries: a component gets memory for few messages at a time, and
// for more while all go to one topic.
func TestAllocationsOfDeliveries(t *testing.T) {
	data := make([]byte, 100)
	for name, test := range map[string]struct {
		topics []string
		each   int // messages of one allocation
	}{
		"one topic": {[]string{"a/topic"}, slabLarge},
		"topics":    {[]string{"a/topic", "b/topic"}, slabSmall},
		"a space":   {[]string{"*/topic"}, slabSmall},
	} {
		c := NewComponentCodec(Limits{}, CBOR)
		var frames [][]byte
		for _, topic := range test.topics {
			m, err := NewMessage(Pub, topic, data)
			if err != nil {
				t.Fatal(err)
			}
			frame, _, _, err := c.Encode(m, nil)
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, frame)
		}
		const rounds = 2 * slabSmall * slabLarge
		got := testing.AllocsPerRun(1, func() { // the first run is not counted
			for i := range rounds {
				if _, err := c.DecodeCopy(CBOR, frames[i%len(frames)]); err != nil {
					t.Fatal(err)
				}
			}
		})
		if want := float64(rounds / test.each); got < want-1 || got > want+1 {
			t.Errorf("%s: %v allocations of %d messages, want %v", name, got, rounds, want)
		}
	}
}
