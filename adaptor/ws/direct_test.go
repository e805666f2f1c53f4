//go:build unix

package ws_test

import (
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestSendNow: what is sent at once never waits for a peer that reads nothing, says
// when the connection takes no more, and arrives whole and in order with what is
// sent as usual.
func TestSendNow(t *testing.T) {
	links := make(chan protocol.Link, 1)
	done := make(chan struct{})
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		<-done
	})
	near := dial(t, l, ws.DialOptions{}).(protocol.Prompt)
	far := await(t, links)
	defer close(done)
	sent := 0
	next := func() []*protocol.Message {
		sent++
		return []*protocol.Message{protocol.NewPub("t", args(t, sent, make([]byte, 10_000)))}
	}
	for near.Idle() {
		if err := near.SendNow(next()); err != nil {
			t.Fatal(err)
		}
		if sent > 100_000 {
			t.Fatal("a peer that reads nothing has no limit")
		}
	}
	blocked := sent
	received := make(chan error, 1)
	go func() {
		for i := 1; i <= blocked+2; i++ {
			m, err := far.Receive()
			if err != nil {
				received <- err
				return
			}
			a, err := m.Data.Args()
			var n int
			if err != nil || a[0].Decode(&n) != nil || n != i {
				t.Errorf("got %d, %v, want %d", n, err, i)
			}
		}
		received <- nil
	}()
	for range 2 {
		if err := near.Send(next()); err != nil {
			t.Fatal(err)
		}
	}
	if err := await(t, received); err != nil {
		t.Fatal(err)
	}
	if !near.Idle() {
		t.Error("busy, though all is written")
	}
}
