package ws_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

const offer = "Sec-WebSocket-Protocol: " + ws.Subprotocol

// batched connects with a handshake that offers batches.
func batched(t testing.TB, l *ws.Listener) *raw {
	t.Helper()
	r := rawDial(t, l.Addr())
	resp := r.request(t, offer)
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Protocol") != ws.Subprotocol {
		t.Fatalf("upgrade: %s %q", resp.Status, resp.Header)
	}
	return r
}

// joined is the batch of the messages.
func joined(messages ...[]byte) (batch []byte) {
	for _, m := range messages {
		batch = binary.BigEndian.AppendUint32(batch, uint32(len(m)))
		batch = append(batch, m...)
	}
	return batch
}

// tiny is a PUB to the topic of one letter.
func tiny(topic byte) []byte { return []byte{0x83, 1, 0x61, topic, 0x80} }

// TestBatchNegotiation: batches are for those who offer them; what else is offered
// does not matter.
func TestBatchNegotiation(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, echo)
	for offered, want := range map[string]string{
		"":                      "",
		"chat":                  "",
		"rembus.batch.v2":       "",
		ws.Subprotocol:          ws.Subprotocol,
		"chat, rembus.batch.v1": ws.Subprotocol,
	} {
		r := rawDial(t, l.Addr())
		var headers []string
		if offered != "" {
			headers = []string{"Sec-WebSocket-Protocol: " + offered}
		}
		if got := r.request(t, headers...).Header.Get("Sec-WebSocket-Protocol"); got != want {
			t.Errorf("offered %q, agreed %q, want %q", offered, got, want)
		}
		frame := tiny('a')
		if want != "" {
			frame = joined(frame)
		}
		r.send(fin|opBinary, frame)
		if first, got, err := r.read(); err != nil || first != fin|opBinary || !bytes.Equal(got, frame) {
			t.Errorf("offered %q: got %x %x, %v", offered, first, got, err)
		}
	}
}

// TestBatchUnknownToBroker: a broker that answers without a subprotocol gets one
// message a frame, one that is spoken to in JSON, or by who wants no batches, is
// not offered any.
func TestBatchUnknownToBroker(t *testing.T) {
	for opts, want := range map[ws.DialOptions]string{
		{Encoding: protocol.CBOR}:               ws.Subprotocol,
		{Encoding: protocol.CBOR, Single: true}: "",
		{Encoding: protocol.JSON}:               "",
	} {
		enc := opts.Encoding
		t.Run(fmt.Sprintf("%v, single %v", enc, opts.Single), func(t *testing.T) {
			frames := make(chan []byte, 3)
			broker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Sec-WebSocket-Protocol"); got != want {
					t.Errorf("offered %q, want %q", got, want)
				}
				conn, err := websocket.Accept(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.CloseNow()
				for range 3 {
					_, frame, err := conn.Read(context.Background())
					if err != nil {
						t.Error(err)
						return
					}
					frames <- frame
				}
			}))
			defer broker.Close()
			link, err := ws.Dial(context.Background(), "ws"+strings.TrimPrefix(broker.URL, "http"), opts)
			if err != nil {
				t.Fatal(err)
			}
			defer link.Close(nil)
			if err := link.Send([]*protocol.Message{pub(t, "a", 1), pub(t, "b", 1), pub(t, "c", 1)}); err != nil {
				t.Fatal(err)
			}
			for _, topic := range []string{"a", "b", "c"} {
				m, err := protocol.NewCodec(protocol.Limits{}, enc).Decode(enc, await(t, frames))
				if err != nil || m.Topic != topic {
					t.Errorf("got %v, %v, want the topic %s", m, err, topic)
				}
			}
		})
	}
}

// TestBatchFrames: small messages share a frame of at most 64 KiB, a longer one has
// frames of its own, and JSON goes as text, one message a frame, in order with
// the others.
func TestBatchFrames(t *testing.T) {
	links := make(chan protocol.Link, 1)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		link.Receive()
		link.Receive()
	})
	r := batched(t, l)
	server := await(t, links)
	var batch []*protocol.Message
	var want []int
	for i := range 2000 {
		n := i % 300
		if i%500 == 499 {
			n = 70_000
		}
		batch = append(batch, pub(t, "n", n))
		want = append(want, n)
	}
	sent := make(chan error, 1)
	go func() { sent <- server.Send(batch) }()
	frames := 0
	for len(want) > 0 {
		frame := wholeMessage(t, r)
		frames++
		several := len(frame) > 4 && int(binary.BigEndian.Uint32(frame)) < len(frame)-4
		if several && len(frame) > 64<<10 {
			t.Fatalf("a batch of %d bytes", len(frame))
		}
		for rest := frame; len(rest) > 0; want = want[1:] {
			var message []byte
			var err error
			if message, rest, err = ws.SplitBatch(rest, math.MaxInt32); err != nil {
				t.Fatal(err)
			}
			m, err := protocol.NewComponentCodec(protocol.Limits{}, protocol.CBOR).Decode(protocol.CBOR, message)
			if err != nil {
				t.Fatal(err)
			}
			var data []byte
			if list, err := m.Data.Args(); err != nil || list[0].Decode(&data) != nil || len(data) != want[0] {
				t.Fatalf("%d bytes, want %d", len(data), want[0])
			}
		}
	}
	if err := await(t, sent); err != nil {
		t.Fatal(err)
	}
	if frames > 30 {
		t.Errorf("2000 messages in %d frames", frames)
	}
}

// wholeMessage reads one message of the WebSocket, fragments and all.
func wholeMessage(t *testing.T, r *raw) (message []byte) {
	t.Helper()
	for {
		first, p, err := r.read()
		if err != nil {
			t.Fatal(err)
		}
		message = append(message, p...)
		if first&fin != 0 {
			return message
		}
	}
}

// TestBatchedJSON: who agreed on batches and speaks JSON is answered so, one
// message a text frame.
func TestBatchedJSON(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		m, err := link.Receive()
		if err != nil {
			t.Error(err)
			return
		}
		link.Send([]*protocol.Message{m, m})
		link.Receive()
	})
	r := batched(t, l)
	r.send(fin|opText, []byte(`{"jsonrpc":"2.0","method":"a","params":[1]}`))
	for range 2 {
		first, got, err := r.read()
		if err != nil || first != fin|opText || !bytes.Contains(got, []byte(`"a"`)) {
			t.Errorf("got %x %q, %v", first, got, err)
		}
	}
}

// TestBatchRefusedMessage: a message that is refused costs the others of its batch
// nothing.
func TestBatchRefusedMessage(t *testing.T) {
	got := make(chan error, 3)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		for range 3 {
			_, err := link.Receive()
			got <- err
		}
	})
	r := batched(t, l)
	id := []byte{0x41, 7}
	bad := append(append([]byte{0x84, 0x11}, id...), 0x61, '*', 0x80) // QoS1 to a topic with a wildcard
	r.send(fin|opBinary, joined(tiny('a'), bad, tiny('b')))
	for i := range 3 {
		err := await(t, got)
		var refused *protocol.BadMessage
		if i == 1 && !errors.As(err, &refused) || i != 1 && err != nil {
			t.Errorf("message %d: %v", i, err)
		}
	}
}

// TestBatchClosed: a link that was closed hands out nothing more.
func TestBatchClosed(t *testing.T) {
	links := make(chan protocol.Link, 1)
	done := make(chan struct{})
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		<-done
	})
	r := batched(t, l)
	server := await(t, links)
	defer close(done)
	r.send(fin|opBinary, joined(tiny('a'), tiny('b')))
	if _, err := server.Receive(); err != nil {
		t.Fatal(err)
	}
	server.Close(nil)
	if m, err := server.Receive(); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("after Close: %v, %v", m, err)
	}
}

// TestFault24Batches: batches that are not what their lengths say end the
// connection with a reason, after what was well before.
func TestFault24Batches(t *testing.T) {
	const limit = 1000
	a, b := tiny('a'), tiny('b')
	for _, test := range []struct {
		name   string
		batch  []byte
		well   int
		status int
		text   string
	}{
		{"empty batch", nil, 0, 1007, "empty batch"},
		{"empty message", joined(a, nil, b), 1, 1007, "empty message"},
		{"only an empty message", joined(nil), 0, 1007, "empty message"},
		{"trailing byte", append(joined(a, b), 0), 2, 1007, "inside a length"},
		{"trailing length", append(joined(a), 0, 0, 0, 5), 1, 1007, "inside a message"},
		{"length one too long", []byte{0, 0, 0, 6, 0x83, 1, 0x61, 'a', 0x80}, 0, 1007, "inside a message"},
		{"length one too short", []byte{0, 0, 0, 4, 0x83, 1, 0x61, 'a', 0x80}, 0, 1007, "malformed"},
		{"length 2^32-1", append([]byte{255, 255, 255, 255}, a...), 0, 1009, "longer than 1000 bytes"},
		{"message over the limit", joined(a, make([]byte, limit+1)), 1, 1009, "longer than 1000 bytes"},
		{"no lengths at all", a, 0, 1009, "longer than 1000 bytes"},
		{"batch over its limit", bytes.Repeat(joined(a), 8000), 0, 1009, "longer than"},
		{"no CBOR", joined(a, []byte{0xff}, b), 1, 1007, "malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			well := make(chan int, 1)
			l := serve(t, ws.ListenOptions{Limits: protocol.Limits{MaxMessage: limit}}, func(link protocol.Link) {
				for n := 0; ; n++ {
					if _, err := link.Receive(); err != nil {
						well <- n
						return
					}
				}
			})
			r := batched(t, l)
			go r.send(fin|opBinary, test.batch)
			status, text := r.closing(t)
			if status != test.status || !strings.Contains(text, test.text) {
				t.Errorf("closed with %d %q, want %d %q", status, text, test.status, test.text)
			}
			if n := await(t, well); n != test.well {
				t.Errorf("%d messages received, want %d", n, test.well)
			}
		})
	}
}

// FuzzSplitBatch: whatever a batch holds, its messages and their lengths are
// its bytes, each once, and none is empty or above the limit.
func FuzzSplitBatch(f *testing.F) {
	f.Add(joined(tiny('a'), tiny('b')), 1000)
	f.Add(append(joined(tiny('a')), 0, 0, 0), 1000)
	f.Add([]byte{255, 255, 255, 255, 1}, math.MaxInt)
	f.Add(joined(nil), 1)
	f.Fuzz(func(t *testing.T, batch []byte, limit int) {
		limit = max(limit, 1)
		var messages [][]byte
		rest := batch
		for len(rest) > 0 {
			message, after, err := ws.SplitBatch(rest, limit)
			if err != nil {
				break
			}
			if len(message) == 0 || len(message) > limit || cap(message) != len(message) {
				t.Fatalf("a message of %d bytes, capacity %d, limit %d", len(message), cap(message), limit)
			}
			messages = append(messages, message)
			rest = after
		}
		if again := append(joined(messages...), rest...); !bytes.Equal(again, batch) {
			t.Errorf("%x came apart as %x", batch, again)
		}
	})
}
