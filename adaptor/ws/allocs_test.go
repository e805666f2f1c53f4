//go:build !race

package ws_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestAllocations: a small message that passes through costs one allocation when
// it is received, of itself and its bytes, and none when it is sent.
func TestAllocations(t *testing.T) {
	t.Run("a message a frame", func(t *testing.T) {
		allocations(t, func(t testing.TB, l *ws.Listener) *raw { return upgraded(t, l.Addr()) }, func(m []byte, n int) []byte {
			return bytes.Repeat(append(head(fin|opBinary, uint64(len(m))), m...), n)
		})
	})
	t.Run("batches", func(t *testing.T) {
		allocations(t, batched, func(m []byte, n int) []byte {
			batch := bytes.Repeat(joined(m), n/10)
			return bytes.Repeat(append(head(fin|opBinary, uint64(len(batch))), batch...), 10)
		})
	})
}

func allocations(t *testing.T, connect func(testing.TB, *ws.Listener) *raw, frames func(message []byte, n int) []byte) {
	const n = 1000
	links := make(chan protocol.Link, 1)
	done := make(chan struct{})
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		<-done
	})
	r := connect(t, l)
	server := await(t, links)
	defer close(done)

	cbor, err := args(t, make([]byte, 120)).CBOR()
	if err != nil {
		t.Fatal(err)
	}
	frame := append([]byte{0x83, 1, 0x63, 'a', '/', 'b'}, cbor...)
	wire := frames(frame, n)
	var last *protocol.Message
	received := testing.AllocsPerRun(5, func() {
		go r.Write(wire)
		for range n {
			if last, err = server.Receive(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if each := received / n; each > 1.1 {
		t.Errorf("%.2f allocations a message received", each)
	}

	go io.Copy(io.Discard, r.br)
	batch := slices.Repeat([]*protocol.Message{last}, n)
	sent := testing.AllocsPerRun(5, func() {
		if err := server.Send(batch); err != nil {
			t.Fatal(err)
		}
	})
	if each := sent / n; each > 0.1 {
		t.Errorf("%.2f allocations a message sent", each)
	}
}
