package ws_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestDialErrors: what goes wrong is told with what to do about it.
func TestDialErrors(t *testing.T) {
	cert := newCert(t)
	plain := serve(t, ws.ListenOptions{}, echo)
	secure := serve(t, ws.ListenOptions{CertFile: cert.certFile, KeyFile: cert.keyFile}, echo)
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()

	for name, test := range map[string]struct {
		url, want string
		opts      ws.DialOptions
	}{
		"no URL":       {url: "://", want: "missing protocol scheme"},
		"wrong scheme": {url: "http://a/b", want: "must be ws://host:port/name"},
		"no host":      {url: "ws:///a", want: "must be ws://host:port/name"},
		"refused":      {url: "ws://" + gone.Addr().String(), want: "is the broker running?"},
		"unknown host": {url: "ws://nosuch.invalid:1", want: "unknown host"},
		"web server":   {url: "ws" + strings.TrimPrefix(web.URL, "http"), want: `HTTP 404 instead of a WebSocket: "404 page not found"`},
		"untrusted":    {url: "wss://" + secure.Addr().String(), want: "certificate is not trusted"},
		"no TLS":       {url: "wss://" + plain.Addr().String(), want: "use ws://" + plain.Addr().String()},
		"TLS":          {url: "ws://" + secure.Addr().String(), want: "use wss://" + secure.Addr().String()},
		"mute":         {url: "ws://" + mute.Addr().String(), want: "no answer in time", opts: ws.DialOptions{Handshake: 50 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			link, err := ws.Dial(context.Background(), test.url, test.opts)
			if err == nil {
				link.Close(nil)
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}

// TestDialHidesPassword: a URL's password is no matter for logs. Fault 43.
func TestFault43DialHidesPassword(t *testing.T) {
	for _, url := range []string{"http://user:secret@127.0.0.1:1/x", "ws://user:secret@127.0.0.1:1/x"} {
		if _, err := ws.Dial(context.Background(), url, ws.DialOptions{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestDialContext: ctx bounds the dialing, not the link.
func TestDialContext(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, echo)
	ctx, cancel := context.WithCancel(context.Background())
	link, err := ws.Dial(ctx, "ws://"+l.Addr().String(), ws.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close(nil)
	cancel()
	m := pub(t, "a", 1)
	if err := link.Send([]*protocol.Message{m}); err != nil {
		t.Fatal(err)
	}
	got, err := link.Receive()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "PUB", got, m)
	if _, err := ws.Dial(ctx, "ws://"+l.Addr().String(), ws.DialOptions{}); err == nil {
		t.Error("dialed with a context that has ended")
	}
}

// TestListenerCloseWaits: Close returns when the handles have; when its context
// ends first, it ends the links.
func TestListenerCloseWaits(t *testing.T) {
	handling := make(chan protocol.Link, 1)
	release := make(chan struct{})
	l, err := ws.Listen("127.0.0.1:0", ws.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	ended := make(chan error, 1)
	go func() {
		served <- l.Serve(func(link protocol.Link) {
			handling <- link
			_, err := link.Receive()
			ended <- err
			<-release
		})
	}()
	r := upgraded(t, l.Addr())
	await(t, handling)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Close(ctx); err != context.Canceled && !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("Close: %v", err)
	}
	if status, text := r.closing(t); status != 1001 || text != "the broker shuts down" {
		t.Errorf("closed with %d %q", status, text)
	}
	await(t, ended)
	if err := await(t, served); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("still accepts")
	}
	close(release)
	if err := l.Close(context.Background()); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// TestListenTaken: an address in use is named.
func TestListenTaken(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, echo)
	if _, err := ws.Listen(l.Addr().String(), ws.ListenOptions{}); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("Listen: %v", err)
	}
}
