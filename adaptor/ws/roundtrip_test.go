package ws_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestRoundTripEveryType sends each message type from component to broker in
// both encodings (protocol.md, sections 1 and 2), and what brokers send back.
func TestRoundTripEveryType(t *testing.T) {
	id := protocol.NumberID(0x1122334455)
	up := map[string]*protocol.Message{
		"IDENTITY":    {Type: protocol.Identity, ID: id, Topic: "meter"},
		"PUB QoS0":    protocol.NewPub("a/b", args(t, "x", 1)),
		"PUB QoS1":    {Type: protocol.Pub, QoS: protocol.QoS1, ID: id, Topic: "a/b", Data: args(t, 2.5)},
		"PUB QoS2":    {Type: protocol.Pub, QoS: protocol.QoS2, ID: id, Topic: "a/b", Data: args(t, true)},
		"RPC":         {Type: protocol.RPC, ID: id, Topic: "add", Data: args(t, 1, 2)},
		"ADMIN":       {Type: protocol.Admin, ID: id, Topic: "a/b", Data: value(t, map[string]any{"cmd": "subscribe"})},
		"RESPONSE":    protocol.NewResponse(id, protocol.StatusOK, value(t, 42)),
		"error":       protocol.NewError(id, protocol.Errorf(protocol.StatusMethodNotFound, "add")),
		"ACK":         protocol.NewAck(id),
		"ACK2":        protocol.NewAck2(id),
		"REGISTER":    {Type: protocol.Register, ID: id, Topic: "meter", Login: &protocol.Login{Pin: "11223344", Key: []byte{1, 2}, KeyType: 1}},
		"ATTESTATION": {Type: protocol.Attestation, ID: id, Topic: "meter", Login: &protocol.Login{Signature: []byte{3, 4}}},
		"UNREGISTER":  {Type: protocol.Unregister, ID: id},
	}
	for _, enc := range []protocol.Encoding{protocol.CBOR, protocol.JSON} {
		t.Run(enc.String(), func(t *testing.T) {
			got := make(chan *protocol.Message)
			l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
				for {
					m, err := link.Receive()
					if err != nil {
						close(got)
						return
					}
					got <- m
				}
			})
			link := dial(t, l, ws.DialOptions{Encoding: enc})
			if name := link.RemoteAddr(); name != "ws "+l.Addr().String() {
				t.Errorf("RemoteAddr = %q", name)
			}
			for name, m := range up {
				if err := link.Send([]*protocol.Message{m}); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				same(t, name, await(t, got), m)
			}
		})
	}
}

// same compares what the wire carries.
func same(t *testing.T, name string, got, want *protocol.Message) {
	t.Helper()
	if got == nil {
		t.Fatalf("%s: the link ended", name)
	}
	if got.Type != want.Type || got.QoS != want.QoS || got.Status != want.Status || got.ID != want.ID || got.Topic != want.Topic {
		t.Errorf("%s: got %+v, want %+v", name, got, want)
	}
	if want.Data == nil {
		return
	}
	a, errA := got.Data.CBOR()
	b, errB := want.Data.CBOR()
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("%s: data % x (%v), want % x (%v)", name, a, errA, b, errB)
	}
}

// TestAnswersInEncodingOfLastFrame: the encoding is decided per frame, and the
// broker answers in that of the last one (protocol.md, section 2).
func TestAnswersInEncodingOfLastFrame(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, echo)
	r := upgraded(t, l.Addr())
	for range 2 {
		if err := r.send(fin|opText, []byte(`{"jsonrpc":"2.0","method":"a","params":[1]}`)); err != nil {
			t.Fatal(err)
		}
		if first, p, err := r.read(); err != nil || first != fin|opText || !strings.Contains(string(p), `"a"`) {
			t.Fatalf("answer to JSON: %x %q %v", first, p, err)
		}
		cbor := []byte{0x83, 1, 0x61, 'a', 0x81, 1}
		if err := r.send(fin|opBinary, cbor); err != nil {
			t.Fatal(err)
		}
		if first, p, err := r.read(); err != nil || first != fin|opBinary || !bytes.Equal(p, cbor) {
			t.Fatalf("answer to CBOR: %x % x %v", first, p, err)
		}
	}
}

// largest is the size of a DataFrame that is normal.
var largest = 60 << 20

// TestLargeMessages: DataFrames of 60 MiB are normal, in both directions and
// in any number of fragments.
func TestLargeMessages(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, echo)
	link := dial(t, l, ws.DialOptions{})
	for _, n := range []int{0, 1, 125, 126, 4 << 10, 65_500, 65_520, 65_523, 65_524, 65_525, 65_530, 65_535, 65_536, ws.FragmentSize - 20, ws.FragmentSize, ws.FragmentSize + 1, ws.KeptSize - 20, ws.KeptSize, ws.KeptSize + 1, 300_000, ws.KeptSize + ws.PartSize - 20, ws.KeptSize + ws.PartSize, largest} {
		data := bytes.Repeat([]byte{0xa5, 1, 2}, n/3+1)[:n]
		sent := protocol.NewPub("frame", args(t, data))
		done := make(chan error, 1)
		go func() { done <- link.Send([]*protocol.Message{sent}) }()
		m, err := link.Receive()
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if err := await(t, done); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if !bytes.Equal(m.Data.Raw(), sent.Data.Raw()) {
			t.Errorf("%d bytes: came back different", n)
		}
	}
}

// TestBadMessageGoesOn: what refuses one message does not end the link.
func TestBadMessageGoesOn(t *testing.T) {
	results := make(chan error, 4)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		for {
			_, err := link.Receive()
			results <- err
			var bad *protocol.BadMessage
			if err != nil && !asBad(err, &bad) {
				return
			}
		}
	})
	r := upgraded(t, l.Addr())
	r.send(fin|opBinary, []byte{0x83, 1, 0x61, '*', 0x80}) // PUB to a wildcard
	r.send(fin|opBinary, []byte{0x83, 1, 0x61, 'a', 0x80})
	var bad *protocol.BadMessage
	if err := await(t, results); !asBad(err, &bad) {
		t.Fatalf("publish to *: %v, want a *protocol.BadMessage", err)
	}
	if err := await(t, results); err != nil {
		t.Fatalf("the message after it: %v", err)
	}
}

// TestUnsentIsTold: what a JSON peer cannot be told is left out of the batch and
// named; the rest arrives.
func TestUnsentIsTold(t *testing.T) {
	twice := protocol.NewPayload(protocol.CBOR, []byte{0x81, 0xa2, 0x61, 'a', 1, 0x61, 'a', 2}) // [{"a":1,"a":2}]
	strange := protocol.NewPub("strange", twice)
	told := make(chan error, 1)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		if _, err := link.Receive(); err != nil { // from here on this end speaks JSON
			return
		}
		told <- link.Send([]*protocol.Message{strange, pub(t, "plain", 1)})
		_, _ = link.Receive()
	})
	link := dial(t, l, ws.DialOptions{Encoding: protocol.JSON})
	if err := link.Send([]*protocol.Message{protocol.NewPub("t", args(t, "hello"))}); err != nil {
		t.Fatal(err)
	}
	var unsent *protocol.Unsent
	if err := await(t, told); !errors.As(err, &unsent) || len(unsent.Messages) != 1 || unsent.Messages[0] != strange {
		t.Fatalf("got %v", err)
	}
	if m, err := link.Receive(); err != nil || m.Topic != "plain" {
		t.Fatalf("got %v, %v", m, err)
	}
}
