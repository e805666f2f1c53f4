package ws_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestPing: a pong of the peer is a sign of life, on both ends.
func TestPing(t *testing.T) {
	links := make(chan protocol.Link, 1)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		link.Receive()
	})
	client := dial(t, l, ws.DialOptions{})
	go client.Receive()
	server := await(t, links)
	for range 3 {
		for _, link := range []protocol.Link{client, server} {
			if err := link.Ping(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPingContextHarmless: a Ping whose context ends leaves the connection as
// it was, and a later one still gets its pong.
func TestPingContextHarmless(t *testing.T) {
	links := make(chan protocol.Link, 1)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		echo(link)
	})
	r := upgraded(t, l.Addr())
	server := await(t, links)
	for range 100 {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Microsecond)
		if err := server.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Ping: %v", err)
		}
		cancel()
	}
	_, p, err := r.read()
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { answer <- server.Ping(context.Background()) }()
	if err := r.send(fin|opPong, p); err != nil {
		t.Fatal(err)
	}
	// The Ping may have begun before or after that pong.
	go func() {
		for {
			first, p, err := r.read()
			if err != nil {
				return
			}
			if first == fin|opPing {
				r.send(fin|opPong, p)
			}
		}
	}()
	if err := await(t, answer); err != nil {
		t.Fatal(err)
	}
	r.Close()
}

// TestFault16HalfOpen: a peer that no longer answers is found by pings; the
// dialer finds a broker's silence in the same way.
func TestFault16HalfOpen(t *testing.T) {
	t.Run("listener", func(t *testing.T) {
		ended := make(chan error, 1)
		l := serve(t, ws.ListenOptions{Ping: 40 * time.Millisecond}, drain(ended))
		r := upgraded(t, l.Addr()) // reads nothing, answers nothing
		if err := await(t, ended); !errors.Is(err, protocol.ErrClosed) || !strings.Contains(err.Error(), "no sign of life") {
			t.Errorf("Receive: %v", err)
		}
		if status, text := r.closing(t); status != 1001 || !strings.Contains(text, "no sign of life") {
			t.Errorf("closed with %d %q", status, text)
		}
	})
	t.Run("dialer", func(t *testing.T) {
		stop := make(chan struct{})
		l := serve(t, ws.ListenOptions{Ping: -1}, func(protocol.Link) { <-stop })
		link := dial(t, l, ws.DialOptions{Ping: 40 * time.Millisecond})
		if _, err := link.Receive(); !errors.Is(err, protocol.ErrClosed) || !strings.Contains(err.Error(), "no sign of life") {
			t.Errorf("Receive: %v", err)
		}
		close(stop)
	})
}

// TestAnsweringPeersStay: whoever answers, or sends anything at all, stays for
// many ping intervals.
func TestAnsweringPeersStay(t *testing.T) {
	const interval = 200 * time.Millisecond
	ended := make(chan error, 2)
	l := serve(t, ws.ListenOptions{Ping: interval}, drain(ended))

	pongs := upgraded(t, l.Addr())
	sender := upgraded(t, l.Addr())
	quit := make(chan struct{})
	sending := make(chan error, 1)
	go func() { // one message, fragment by fragment: its pongs cannot overtake it
		tick := time.NewTicker(interval / 20)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				sending <- nil
				return
			case <-tick.C:
				if err := sender.send(opBinary&fin, []byte{0}); err != nil {
					sending <- err
					return
				}
			}
		}
	}()
	if err := sender.send(opBinary, []byte{0x83}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		first, p, err := pongs.read()
		if err != nil || first != fin|opPing {
			t.Fatalf("%x %q %v", first, p, err)
		}
		if err := pongs.send(fin|opPong, p); err != nil {
			t.Fatal(err)
		}
	}
	close(quit)
	if err := await(t, sending); err != nil {
		t.Errorf("the sender: %v", err)
	}
	select {
	case err := <-ended:
		t.Errorf("ended: %v", err)
	default:
	}
	pongs.Close()
	sender.Close()
	await(t, ended)
	await(t, ended)
}

// TestBusyReceiverIsNotSilence: while our own handler does not receive, pongs
// wait in the socket; that must not cost the peer its connection.
func TestBusyReceiverIsNotSilence(t *testing.T) {
	resume := make(chan struct{})
	ended := make(chan error, 1)
	got := make(chan *protocol.Message, 2)
	l := serve(t, ws.ListenOptions{Ping: 100 * time.Millisecond}, func(link protocol.Link) {
		for {
			m, err := link.Receive()
			if err != nil {
				ended <- err
				return
			}
			got <- m
			<-resume
		}
	})
	r := upgraded(t, l.Addr())
	cbor := []byte{0x83, 1, 0x61, 'a', 0x80}
	r.send(fin|opBinary, cbor)
	await(t, got)
	// A ping under way holds further ones back, so count intervals by the clock.
	<-time.After(400 * time.Millisecond)
	r.send(fin|opBinary, cbor)
	close(resume)
	await(t, got)
	select {
	case err := <-ended:
		t.Fatalf("ended: %v", err)
	default:
	}
	r.Close()
	await(t, ended)
}

// TestPongDuringLargeWrite: a ping is answered between the fragments of a
// message that is on its way.
func TestPongDuringLargeWrite(t *testing.T) {
	sent := make(chan error, 1)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		if _, err := link.Receive(); err != nil {
			return
		}
		go func() { sent <- link.Send([]*protocol.Message{pub(t, "big", 40<<20)}) }()
		link.Receive()
	})
	r := upgraded(t, l.Addr())
	r.send(fin|opBinary, []byte{0x83, 1, 0x61, 'a', 0x80})
	first, _, err := r.read()
	if err != nil || first != opBinary {
		t.Fatalf("%x %v", first, err)
	}
	if err := r.send(fin|opPing, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	for {
		first, p, err := r.read()
		if err != nil {
			t.Fatal(err)
		}
		if first == fin|opPong {
			if string(p) != "hello" {
				t.Errorf("pong %q", p)
			}
			break
		}
		if first&fin != 0 {
			t.Fatal("the message ended before the pong")
		}
	}
	for first&fin == 0 || first&0xf > 2 {
		if first, _, err = r.read(); err != nil {
			t.Fatal(err)
		}
	}
	if err := await(t, sent); err != nil {
		t.Error(err)
	}
}

// TestPingsOfDeafPeer: a peer that sends pings and reads nothing neither fills
// memory nor stops the receiver.
func TestPingsOfDeafPeer(t *testing.T) {
	ended := make(chan error, 1)
	sending := make(chan struct{})
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		go func() {
			defer close(sending)
			for link.Send([]*protocol.Message{pub(t, "a", 1<<20)}) == nil {
			}
		}()
		drain(ended)(link)
	})
	flat(t, func() {
		r := upgraded(t, l.Addr())
		ping := append(head(fin|opPing, 125), make([]byte, 125)...)
		for range 20_000 {
			if _, err := r.Write(ping); err != nil {
				t.Fatal(err)
			}
		}
		r.send(fin|opBinary, []byte{0xff})
		if err := await(t, ended); !errors.Is(err, protocol.ErrMalformed) {
			t.Errorf("Receive: %v", err)
		}
		await(t, sending)
		io.Copy(io.Discard, r.br)
	})
}

// TestSlowReaderIsNotSilence: a peer that is busy taking a large message has
// not seen the ping behind it. It stays as long as it takes something.
func TestSlowReaderIsNotSilence(t *testing.T) {
	const interval = 100 * time.Millisecond
	sent := make(chan error, 1)
	ended := make(chan error, 1)
	batch := slices.Repeat([]*protocol.Message{pub(t, "a", ws.FragmentSize/2)}, 512)
	l := serve(t, ws.ListenOptions{Ping: interval}, func(link protocol.Link) {
		go func() { sent <- link.Send(batch) }()
		drain(ended)(link)
	})
	r := upgraded(t, l.Addr())
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for range 6 { // far less than what is sent, for several intervals
		<-tick.C
		if _, err := io.CopyN(io.Discard, r.br, 64<<10); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-ended:
		t.Errorf("ended: %v", err)
	case err := <-sent:
		t.Errorf("nothing was in the way: %v", err)
	default:
	}
	r.Close()
	await(t, sent)
	await(t, ended)
}
