package ws_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestCloseStatus: each kind of reason has its status; texts fit the frame.
func TestCloseStatus(t *testing.T) {
	for _, test := range []struct {
		reason error
		status int
		text   string
	}{
		{nil, 1000, ""},
		{errors.New("the broker shuts down"), 1001, "the broker shuts down"},
		{protocol.Errorf(protocol.StatusError, "already connected"), 1008, "rembus: error: already connected"},
		{protocol.ErrMalformed, 1007, "rembus: malformed message"},
		{errors.New(strings.Repeat("é", 100)), 1001, strings.Repeat("é", 61)},
		{errors.New("\xff"), 1001, "?"},
	} {
		status, text := ws.CloseStatus(test.reason)
		if status != test.status || text != test.text || !utf8.ValidString(text) || len(text) > 123 {
			t.Errorf("%v: %d %q, want %d %q", test.reason, status, text, test.status, test.text)
		}
	}
}

// TestCloseReachesPeer: the peer of a closed link learns status and text, and
// every later call says ErrClosed with the reason.
func TestCloseReachesPeer(t *testing.T) {
	links := make(chan protocol.Link, 1)
	ended := make(chan error, 1)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		drain(ended)(link)
	})
	r := upgraded(t, l.Addr())
	server := await(t, links)
	reason := protocol.Errorf(protocol.StatusError, "already connected")
	if err := server.Close(reason); err != nil {
		t.Fatal(err)
	}
	server.Close(nil)
	if status, text := r.closing(t); status != 1008 || text != reason.Error() {
		t.Errorf("closed with %d %q", status, text)
	}
	_, receive := server.Receive()
	for call, err := range map[string]error{
		"pending Receive": await(t, ended),
		"Receive":         receive,
		"Send":            server.Send([]*protocol.Message{pub(t, "a", 1)}),
		"Ping":            server.Ping(context.Background()),
	} {
		if !errors.Is(err, protocol.ErrClosed) || !errors.Is(err, reason) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// TestPeerCloses: how the peer ended the connection is in Receive's error.
func TestPeerCloses(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(r *raw)
		want string
	}{
		"normal":   {func(r *raw) { r.send(fin|opClose, []byte{3, 232}) }, protocol.ErrClosed.Error()},
		"empty":    {func(r *raw) { r.send(fin|opClose, nil) }, protocol.ErrClosed.Error()},
		"text":     {func(r *raw) { r.send(fin|opClose, []byte("\x03\xe9bye\n")) }, `closed by the peer with status 1001: "bye\n"`},
		"hang up":  {func(r *raw) { r.Close() }, "without a close frame"},
		"mid-head": {func(r *raw) { r.Write([]byte{fin | opBinary}); r.Close() }, "without a close frame"},
		"mid-body": {func(r *raw) { r.Write(append(head(fin|opBinary, 100), 1)); r.Close() }, "without a close frame"},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			l := serve(t, ws.ListenOptions{}, drain(ended))
			r := upgraded(t, l.Addr())
			test.end(r)
			if err := await(t, ended); !errors.Is(err, protocol.ErrClosed) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Receive: %v", err)
			}
			if name == "normal" {
				if first, p, err := r.read(); err != nil || first != fin|opClose || string(p) != "\x03\xe8" {
					t.Errorf("answer %x % x %v", first, p, err)
				}
			}
		})
	}
}

// TestPeerIsAnsweredLast: a peer whose close frame is answered may rely on it that
// nothing is delivered to this connection any more, so that what it missed is there for
// the next one.
func TestPeerIsAnsweredLast(t *testing.T) {
	cert := newCert(t)
	for name, opts := range map[string]ws.ListenOptions{"ws": {}, "wss": {CertFile: cert.certFile, KeyFile: cert.keyFile}} {
		t.Run(name, func(t *testing.T) {
			ended, release := make(chan error, 1), make(chan struct{})
			sent := make(chan error, 1)
			l := serve(t, opts, func(link protocol.Link) {
				drain(ended)(link)
				sent <- link.Send([]*protocol.Message{pub(t, "a", 1)})
				<-release
				link.Close(nil)
			})
			transport := &http.Transport{TLSClientConfig: cert.roots()}
			defer transport.CloseIdleConnections()
			client, _, err := websocket.Dial(t.Context(), name+"://"+l.Addr().String(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
			if err != nil {
				t.Fatal(err)
			}
			answered := make(chan error, 1)
			go func() { answered <- client.Close(websocket.StatusNormalClosure, "") }()
			await(t, ended)
			select {
			case err := <-answered:
				t.Fatal(err, "answered before Receive has told of the end")
			case <-time.After(20 * time.Millisecond): // all that the answer needs is a write on the loopback
			}
			close(release)
			if err := await(t, sent); !errors.Is(err, protocol.ErrClosed) {
				t.Errorf("Send: %v", err)
			}
			if err := await(t, answered); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCloseUnblocksStuckSend: a peer that takes nothing does not hold back
// whoever ends its connection.
func TestCloseUnblocksStuckSend(t *testing.T) {
	cert := newCert(t)
	for name, opts := range map[string]ws.ListenOptions{"ws": {}, "wss": {CertFile: cert.certFile, KeyFile: cert.keyFile}} {
		t.Run(name, func(t *testing.T) {
			links := make(chan protocol.Link, 1)
			ended := make(chan error, 1)
			l := serve(t, opts, func(link protocol.Link) {
				links <- link
				drain(ended)(link)
			})
			client, err := ws.Dial(context.Background(), name+"://"+l.Addr().String(), ws.DialOptions{TLS: cert.roots()})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close(nil) // it never receives
			server := await(t, links)
			begun := make(chan struct{})
			sent := make(chan error, 1)
			go func() {
				once := sync.OnceFunc(func() { close(begun) })
				for {
					if err := server.Send([]*protocol.Message{pub(t, "a", 8<<20)}); err != nil {
						sent <- err
						return
					}
					once()
				}
			}()
			select { // stuck sooner or later, whether the first Send returned or not
			case <-begun:
			case <-time.After(50 * time.Millisecond):
			}
			reason := errors.New("enough")
			server.Close(reason)
			if err := await(t, sent); !errors.Is(err, reason) {
				t.Errorf("Send: %v", err)
			}
			if err := await(t, ended); !errors.Is(err, reason) {
				t.Errorf("Receive: %v", err)
			}
		})
	}
}

// TestWriteTimeout: a peer that takes nothing for the timeout is gone. Fault 16
// again, seen from the sender.
func TestFault16WriteTimeout(t *testing.T) {
	ended := make(chan error, 1)
	l := serve(t, ws.ListenOptions{WriteTimeout: 50 * time.Millisecond}, func(link protocol.Link) {
		for {
			if err := link.Send([]*protocol.Message{pub(t, "a", 1<<20)}); err != nil {
				ended <- err
				return
			}
		}
	})
	upgraded(t, l.Addr())
	if err := await(t, ended); !errors.Is(err, protocol.ErrClosed) || !strings.Contains(err.Error(), "took nothing for 50ms") {
		t.Errorf("Send: %v", err)
	}
}

// TestConcurrentUse: Send, Receive, Ping and Close from all sides at once, for
// the race detector; every call returns.
func TestConcurrentUse(t *testing.T) {
	links := make(chan protocol.Link, 1)
	l := serve(t, ws.ListenOptions{Ping: 2 * time.Millisecond}, func(link protocol.Link) {
		links <- link
		echo(link)
	})
	for range 30 {
		client := dial(t, l, ws.DialOptions{Ping: 2 * time.Millisecond})
		server := await(t, links)
		var wg sync.WaitGroup
		got := make(chan struct{})
		wg.Go(func() {
			once := sync.OnceFunc(func() { close(got) })
			defer once() // pings as frequent as these may end it first
			for {
				if _, err := client.Receive(); err != nil {
					return
				}
				once()
			}
		})
		wg.Go(func() {
			for client.Send([]*protocol.Message{pub(t, "a", 10), pub(t, "b", 100_000), pub(t, "c", 0)}) == nil {
			}
		})
		for _, link := range []protocol.Link{client, server} {
			wg.Go(func() {
				for link.Ping(context.Background()) == nil {
				}
			})
		}
		await(t, got)
		for _, link := range []protocol.Link{client, server, client, server} {
			wg.Go(func() { link.Close(errors.New("enough")) })
		}
		wg.Wait()
	}
}
