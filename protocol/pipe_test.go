package protocol

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func pubs(topics ...string) (batch []*Message) {
	for _, topic := range topics {
		batch = append(batch, NewPub(topic, nil))
	}
	return batch
}

// TestPipeOrder: both directions keep the order, and carry the very messages.
func TestPipeOrder(t *testing.T) {
	a, b := Pipe()
	for _, way := range [][2]Link{{a, b}, {b, a}} {
		one, two := pubs("1", "2"), pubs("3")
		for _, batch := range [][]*Message{one, nil, two} {
			if err := way[0].Send(batch); err != nil {
				t.Fatal(err)
			}
		}
		second := one[1]
		one[1] = nil // the slice is the sender's again
		for i, want := range []*Message{one[0], second, two[0]} {
			if m, err := way[1].Receive(); err != nil || m != want {
				t.Fatalf("message %d is %v, %v", i, m, err)
			}
		}
	}
}

// TestPipeClose: what was sent before the end is received, then the reason.
func TestPipeClose(t *testing.T) {
	a, b := Pipe()
	reason := errors.New("shutdown")
	if err := a.Send(pubs("1", "2")); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(reason); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(errors.New("again")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := b.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range []Link{a, b} {
		_, err := l.Receive()
		for what, err := range map[string]error{"Receive": err, "Send": l.Send(pubs("3")), "Ping": l.Ping(context.Background())} {
			if !errors.Is(err, ErrClosed) || !errors.Is(err, reason) {
				t.Errorf("%s after the end: %v", what, err)
			}
		}
	}
}

func TestPipeCloseWithoutReason(t *testing.T) {
	a, b := Pipe()
	b.Close(nil)
	if _, err := a.Receive(); err != ErrClosed {
		t.Errorf("got %v", err)
	}
}

// TestPipeBlocks: a Send that nobody receives and a Receive that nobody sends
// to wait, and Close frees both.
func TestPipeBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		sent := 0
		done := make(chan error, 2)
		go func() {
			for {
				if err := a.Send(pubs("x")); err != nil {
					done <- err
					return
				}
				sent++
			}
		}()
		go func() {
			_, err := a.Receive()
			done <- err
		}()
		synctest.Wait()
		if sent != pipeDepth {
			t.Errorf("%d batches were taken that nobody received", sent)
		}
		b.Close(nil)
		synctest.Wait()
		for range 2 {
			if err := <-done; !errors.Is(err, ErrClosed) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestPipePing(t *testing.T) {
	a, b := Pipe()
	if err := a.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Ping(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if a.RemoteAddr() != "pipe" {
		t.Errorf("remote address %q", a.RemoteAddr())
	}
}
