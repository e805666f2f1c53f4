package ws_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestStreamCutAnywhere: whole messages, fragments, control frames between them and
// long messages arrive in order, in whatever pieces the network brings them.
func TestStreamCutAnywhere(t *testing.T) {
	sizes := []int{1, 30, 125, 126, 4000, 4096, 65_535, 65_536, 130_000, 200_000}
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		links := make(chan protocol.Link, 1)
		done := make(chan struct{})
		l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
			links <- link
			<-done
		})
		r := upgraded(t, l.Addr())
		link := await(t, links)
		go io.Copy(io.Discard, r.br) // pongs
		var stream []byte
		const messages = 60
		for i := range messages {
			m := protocol.NewPub("t", args(t, i, make([]byte, sizes[rnd.IntN(len(sizes))])))
			frame, _, _, err := protocol.NewComponentCodec(protocol.Limits{}, protocol.CBOR).Encode(m, nil)
			if err != nil {
				t.Fatal(err)
			}
			stream = appendMessage(stream, rnd, frame)
		}
		go func() {
			for len(stream) > 0 {
				n := min(len(stream), 1+rnd.IntN(1<<rnd.IntN(19)))
				if _, err := r.Write(stream[:n]); err != nil {
					return
				}
				stream = stream[n:]
			}
		}()
		for want := range messages {
			m, err := link.Receive()
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			a, err := m.Data.Args()
			var n int
			if err != nil || a[0].Decode(&n) != nil || n != want {
				t.Fatalf("seed %d: got message %d, %v, want %d", seed, n, err, want)
			}
		}
		close(done)
	}
}

// appendMessage appends the frames of a message, with pings and pongs around them.
func appendMessage(stream []byte, rnd *rand.Rand, message []byte) []byte {
	control := func() {
		if rnd.IntN(4) == 0 {
			op := byte(opPing + rnd.IntN(2))
			stream = append(append(stream, head(fin|op, 5)...), "hello"...)
		}
	}
	control()
	op := byte(opBinary)
	for rnd.IntN(3) == 0 && len(message) > 1 {
		n := 1 + rnd.IntN(len(message)-1)
		stream = append(append(stream, head(op, uint64(n))...), message[:n]...)
		op, message = opContinue, message[n:]
		control()
	}
	return append(append(stream, head(fin|op, uint64(len(message)))...), message...)
}

// TestMessageBehindTheUpgrade: a client need not wait for the answer to its upgrade,
// and a broker may send right behind its own.
func TestMessageBehindTheUpgrade(t *testing.T) {
	frame := []byte("\x83\x01\x61t\x81\x05")
	t.Run("listener", func(t *testing.T) {
		got := make(chan *protocol.Message, 2)
		l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
			for range 2 {
				if m, err := link.Receive(); err == nil {
					got <- m
				}
			}
		})
		r := rawDial(t, l.Addr())
		one := append(head(fin|opBinary, uint64(len(frame))), frame...)
		request := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
		if _, err := r.Write(append([]byte(request), bytes.Repeat(one, 2)...)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if m := await(t, got); m.Topic != "t" {
				t.Errorf("got %+v", m)
			}
		}
	})
	t.Run("dialer", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		served := make(chan error, 1)
		go func() { served <- upgradeAndSend(ln, append([]byte{fin | opBinary, byte(len(frame))}, frame...)) }()
		link, err := ws.Dial(t.Context(), "ws://"+ln.Addr().String(), ws.DialOptions{Single: true})
		if err != nil {
			t.Fatal(err)
		}
		defer link.Close(nil)
		for range 2 {
			if m, err := link.Receive(); err != nil || m.Topic != "t" {
				t.Errorf("got %+v, %v", m, err)
			}
		}
		link.Close(nil)
		if err := await(t, served); err != nil {
			t.Error(err)
		}
	})
}

// upgradeAndSend accepts one connection and sends a frame twice in the same write as
// the answer.
func upgradeAndSend(ln net.Listener, frame []byte) error {
	conn, err := ln.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	var request strings.Builder
	for b := make([]byte, 1); !strings.HasSuffix(request.String(), "\r\n\r\n"); {
		if _, err := conn.Read(b); err != nil {
			return err
		}
		request.Write(b)
	}
	header := http.Header{}
	for line := range strings.Lines(request.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header.Set(name, value)
	}
	sum := sha1.Sum([]byte(header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	_, err = conn.Write(append([]byte(answer), bytes.Repeat(frame, 2)...))
	if err == nil {
		_, err = io.Copy(io.Discard, conn)
	}
	return err
}
