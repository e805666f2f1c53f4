package protocol

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func pubFrame(t testing.TB, topic string, args ...any) []byte {
	t.Helper()
	p, err := EncodeArgs(args...)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := appendPub(nil, NewPub(topic, p), false)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func decode(t testing.TB, c *Codec, frame []byte) *Message {
	t.Helper()
	m, err := c.Decode(CBOR, frame)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t testing.TB, c *Codec, m *Message) []byte {
	t.Helper()
	frame, _, _, err := c.Encode(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// TestPassThroughAllocations holds the budget of the hot path: the Message when
// a QoS0 PUB comes in, nothing when it or a QoS1 delivery goes out.
func TestPassThroughAllocations(t *testing.T) {
	in, out := NewCodec(Limits{}, CBOR), NewCodec(Limits{}, CBOR)
	frame := pubFrame(t, "plant/line/telemetry", bytes.Repeat([]byte{1}, 128))
	m := decode(t, in, frame)
	if n := testing.AllocsPerRun(100, func() { in.Decode(CBOR, frame) }); n > 1 {
		t.Errorf("Decode allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { out.Encode(m, nil) }); n > 0 {
		t.Errorf("Encode allocates %v times", n)
	}
	delivery := m.Delivery(NumberID(7), QoS1)
	scratch := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { out.Encode(delivery, scratch) }); n > 0 {
		t.Errorf("Encode of a QoS1 delivery allocates %v times", n)
	}
	spaced := m.Spaced("plant/**")
	encode(t, out, spaced)
	if n := testing.AllocsPerRun(100, func() { out.Encode(spaced, nil) }); n > 0 {
		t.Errorf("Encode of a space allocates %v times for every receiver", n)
	}
}

// TestSharedFrame: what is made for one receiver serves all others.
func TestSharedFrame(t *testing.T) {
	p, err := EncodeArgs("v")
	if err != nil {
		t.Fatal(err)
	}
	for _, enc := range []Encoding{CBOR, JSON} {
		m := NewPub("a/b", p)
		first, got, shared, err := NewCodec(Limits{}, enc).Encode(m, nil)
		if err != nil || !shared || got != enc {
			t.Fatalf("%s: shared %v, %v, %v", enc, shared, got, err)
		}
		second := encode(t, NewCodec(Limits{}, enc), m)
		if &first[0] != &second[0] {
			t.Errorf("%s: the frame was made twice", enc)
		}
	}
}

// TestAnswersInTheLastEncoding: of the last frame received, whatever it was.
func TestAnswersInTheLastEncoding(t *testing.T) {
	c := NewCodec(Limits{}, JSON)
	ack := NewAck(NumberID(5))
	for i, step := range []struct {
		receive Encoding
		frame   string
	}{
		{CBOR, "\x82\x05\x41a"},
		{JSON, `{"jsonrpc":"2.0","method":"a","params":[]}`},
		{CBOR, "\x83\x01\x61\x00\x80"}, // refused, but CBOR
	} {
		c.Decode(step.receive, []byte(step.frame))
		if _, enc, _, err := c.Encode(ack, nil); err != nil || enc != step.receive {
			t.Errorf("step %d: answered in %v, %v", i, enc, err)
		}
	}
	if _, enc, _, _ := NewCodec(Limits{}, JSON).Encode(ack, nil); enc != JSON {
		t.Errorf("before the first frame: %v", enc)
	}
}

// TestWidePeer: rembus.js is known by ids of 16 bytes and reads only plain PUBs.
func TestWidePeer(t *testing.T) {
	hello := append(append([]byte("\x83\x00\x50"), make([]byte, 16)...), "\x62js"...)
	c := NewCodec(Limits{}, CBOR)
	decode(t, c, hello)
	p, err := EncodeArgs("v")
	if err != nil {
		t.Fatal(err)
	}
	want := pubFrame(t, "a/b", "v")
	plain := NewPub("a/b", p)
	for name, m := range map[string]*Message{
		"QoS0":      plain,
		"QoS1":      plain.Delivery(NumberID(9), QoS1),
		"QoS2":      plain.Delivery(NumberID(9), QoS2),
		"slot":      {Type: Pub, HasSlot: true, Slot: 5, Topic: "a/b", Data: p},
		"QoS1 slot": {Type: Pub, QoS: QoS1, HasSlot: true, Slot: 5, ID: NumberID(5), Topic: "a/b", Data: p},
	} {
		if got := encode(t, c, m); !bytes.Equal(got, want) {
			t.Errorf("%s goes out as %x, want %x", name, got, want)
		}
	}
	component := NewComponentCodec(Limits{}, CBOR)
	decode(t, component, append(append([]byte("\x84\x03\x50"), make([]byte, 16)...), "\x61t\xa0"...))
	got := encode(t, component, plain.Delivery(NumberID(9), QoS1))
	if got[1] != 0x11 {
		t.Errorf("a broker with wide ids gets %x", got)
	}
}

// TestInternedTopics: a peer that invents topics does not fill the memory, and
// one that repeats them gets the same string.
func TestInternedTopics(t *testing.T) {
	c := NewCodec(Limits{}, CBOR)
	for i := range 5000 {
		topic := fmt.Sprintf("site/%d/%s", i, strings.Repeat("x", i%100))
		if got := decode(t, c, pubFrame(t, topic)).Topic; got != topic {
			t.Fatalf("topic %q, want %q", got, topic)
		}
		if c.topics.bytes > maxInternedBytes || len(c.topics.topics) > maxInterned {
			t.Fatalf("%d topics of %d bytes are kept", len(c.topics.topics), c.topics.bytes)
		}
	}
	long := strings.Repeat("x", DefaultLimits().MaxTopic)
	if got := decode(t, c, pubFrame(t, long)).Topic; got != long {
		t.Errorf("topic of %d bytes", len(got))
	}
}

// TestCodecConcurrent: one goroutine decodes while another encodes.
func TestCodecConcurrent(t *testing.T) {
	c := NewCodec(Limits{}, CBOR)
	frame := pubFrame(t, "a/b", 1, 2)
	shared := decode(t, NewCodec(Limits{}, CBOR), frame)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 500 {
			c.Decode(CBOR, frame)
			c.Decode(JSON, []byte(`{"jsonrpc":"2.0","method":"a","params":[]}`))
		}
	})
	wg.Go(func() {
		for range 1000 {
			if _, _, _, err := c.Encode(shared, nil); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Wait()
}

func TestEncodeRefuses(t *testing.T) {
	c := NewCodec(Limits{}, CBOR)
	for name, m := range map[string]*Message{
		"QoS1 without id":     {Type: Pub, QoS: QoS1, Topic: "a"},
		"RESPONSE without id": {Type: Response},
		"PING":                {Type: Ping, ID: NumberID(1)},
		"CLOSE":               {Type: Close, ID: NumberID(1)},
		"no such type":        {Type: 7, ID: NumberID(1)},
	} {
		if frame, _, _, err := c.Encode(m, nil); err == nil {
			t.Errorf("%s goes out as %x", name, frame)
		}
	}
}

func BenchmarkDecodePub(b *testing.B) {
	for _, size := range []int{16, 128, 4096} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := NewCodec(Limits{}, CBOR)
			frame := pubFrame(b, "plant/line/telemetry", make([]byte, size))
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				c.Decode(CBOR, frame)
			}
		})
	}
}
