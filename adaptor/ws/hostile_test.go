package ws_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// heap is the memory in use, garbage and pools excluded.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools hold is garbage to the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// flat fails when f leaves more than a few hundred KiB behind.
func flat(t *testing.T, f func()) {
	t.Helper()
	before := heap()
	f()
	if grown := heap() - before; grown > 2<<20 {
		t.Errorf("memory grew by %d bytes", grown)
	}
}

// TestFault24Frames: frames that break RFC 6455 or the limit are answered by a
// close frame that says why; memory stays flat and others are not disturbed.
func TestFault24Frames(t *testing.T) {
	const limit = 64 << 10
	cbor := []byte{0x83, 1, 0x61, 'a', 0x80}
	for _, test := range []struct {
		name   string
		attack func(r *raw)
		status int
		text   string
	}{
		{"length 2^63", func(r *raw) { r.Write(head(fin|opBinary, 1<<63)) }, 1002, "negative payload length"},
		{"length 2^64-1", func(r *raw) { r.Write(head(fin|opBinary, 1<<64-1)) }, 1002, "negative payload length"},
		{"length 2^62, more than the limit sent", func(r *raw) {
			r.Write(append(head(fin|opBinary, 1<<62), make([]byte, limit+1)...))
		}, 1009, "longer than 65536 bytes"},
		{"one byte over the limit", func(r *raw) { r.send(fin|opBinary, make([]byte, limit+1)) }, 1009, "longer than 65536 bytes"},
		{"endless fragments", func(r *raw) {
			for err := r.send(opBinary, cbor); err == nil; {
				err = r.send(opContinue, make([]byte, 1000))
			}
		}, 1009, "longer than 65536 bytes"},
		{"endless empty fragments", func(r *raw) {
			for err := r.send(opBinary, nil); err == nil; {
				_, err = r.Write([]byte(strings.Repeat(string(head(opContinue, 0)), 1000)))
			}
		}, 1008, "too many bytes without a message"},
		{"endless pings", func(r *raw) {
			go func() {
				for {
					if err := r.send(fin|opPing, make([]byte, 125)); err != nil {
						return
					}
				}
			}()
		}, 1008, "too many bytes without a message"},
		{"unmasked", func(r *raw) { r.Write(append([]byte{fin | opBinary, byte(len(cbor))}, cbor...)) }, 1002, "unmasked frame"},
		{"compressed though not negotiated", func(r *raw) { r.send(fin|rsv1|opBinary, cbor) }, 1002, "rsv bits"},
		{"reserved bit 2", func(r *raw) { r.send(fin|rsv2|opBinary, cbor) }, 1002, "rsv bits"},
		{"reserved bit 3", func(r *raw) { r.send(fin|rsv3|opBinary, cbor) }, 1002, "rsv bits"},
		{"reserved opcode", func(r *raw) { r.send(fin|5, cbor) }, 1002, "opcode"},
		{"continuation of nothing", func(r *raw) { r.send(fin|opContinue, cbor) }, 1002, "continuation"},
		{"message inside a message", func(r *raw) { r.send(opBinary, cbor); r.send(fin|opBinary, cbor) }, 1002, "previous message"},
		{"fragmented ping", func(r *raw) { r.send(opPing, nil) }, 1002, "fragmented control frame"},
		{"long ping", func(r *raw) { r.send(fin|opPing, make([]byte, 126)) }, 1002, "invalid length"},
		{"close with half a status", func(r *raw) { r.send(fin|opClose, []byte{3}) }, 1002, "close payload"},
		{"empty message", func(r *raw) { r.send(fin|opBinary, nil) }, 1007, "malformed"},
		{"no CBOR", func(r *raw) { r.send(fin|opBinary, []byte{0xff}) }, 1007, "malformed"},
		{"no JSON", func(r *raw) { r.send(fin|opText, []byte("{")) }, 1007, "malformed"},
		{"no UTF-8", func(r *raw) { r.send(fin|opText, []byte("{\"method\":\"\xff\"}")) }, 1007, "malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ended := make(chan error, 1)
			l := serve(t, ws.ListenOptions{Limits: protocol.Limits{MaxMessage: limit}}, func(link protocol.Link) {
				for {
					m, err := link.Receive()
					if err != nil {
						ended <- err
						return
					}
					link.Send([]*protocol.Message{m})
				}
			})
			other := upgraded(t, l.Addr())
			flat(t, func() {
				r := upgraded(t, l.Addr())
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					test.attack(r)
				}()
				status, text := r.closing(t)
				if status != test.status || !strings.Contains(text, test.text) {
					t.Errorf("closed with %d %q, want %d %q", status, text, test.status, test.text)
				}
				if err := await(t, ended); !errors.Is(err, protocol.ErrClosed) || !strings.Contains(err.Error(), test.text) {
					t.Errorf("Receive: %v", err)
				}
				r.Close()
				await(t, sent)
			})
			if err := other.send(fin|opBinary, cbor); err != nil {
				t.Fatal(err)
			}
			if _, p, err := other.read(); err != nil || string(p) != string(cbor) {
				t.Errorf("another client: % x, %v", p, err)
			}
			other.send(fin|opClose, []byte{3, 232})
			await(t, ended)
		})
	}
}

// TestFault24DeclaredLength: what is only declared is never allocated, however
// many do so.
func TestFault24DeclaredLength(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, drain(make(chan error, 200)))
	var all []*raw
	for range 200 {
		all = append(all, upgraded(t, l.Addr()))
	}
	before := heap()
	for _, r := range all {
		if _, err := r.Write(append(head(fin|opBinary, 60<<20), 0x83)); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("200 connections that declare 60 MiB took %d bytes", grown)
	}
	for _, r := range all {
		r.Close()
	}
}

// TestFault24Deflate: compression is not negotiated, so there is no bomb.
func TestFault24Deflate(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, echo)
	r := rawDial(t, l.Addr())
	resp := r.request(t, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %s", resp.Status)
	}
	if ext := resp.Header.Get("Sec-WebSocket-Extensions"); ext != "" {
		t.Errorf("negotiated %q", ext)
	}
}

// TestDialerLimits: a broker's frames are bounded too.
func TestDialerLimits(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		link.Send([]*protocol.Message{pub(t, "a", 2000)})
		link.Receive()
	})
	link, err := ws.Dial(context.Background(), "ws://"+l.Addr().String(), ws.DialOptions{Limits: protocol.Limits{MaxMessage: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close(nil)
	if _, err := link.Receive(); !errors.Is(err, protocol.ErrClosed) || !strings.Contains(err.Error(), "longer than 1000 bytes") {
		t.Errorf("Receive: %v", err)
	}
}
