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

// TestAllocations: a message that passes through costs two allocations when it
// is received, the frame and the message, and none when it is sent.
func TestAllocations(t *testing.T) {
	const n = 1000
	links := make(chan protocol.Link, 1)
	done := make(chan struct{})
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		<-done
	})
	r := upgraded(t, l.Addr())
	server := await(t, links)
	defer close(done)

	cbor, err := args(t, make([]byte, 120)).CBOR()
	if err != nil {
		t.Fatal(err)
	}
	frame := append([]byte{0x83, 1, 0x63, 'a', '/', 'b'}, cbor...)
	frames := bytes.Repeat(append(head(fin|opBinary, uint64(len(frame))), frame...), n)
	var last *protocol.Message
	received := testing.AllocsPerRun(5, func() {
		go r.Write(frames)
		for range n {
			if last, err = server.Receive(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if each := received / n; each > 2.1 {
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
