package ws_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestFault25Origin: web pages of other hosts are refused unless allowed;
// programs send no Origin.
func TestFault25Origin(t *testing.T) {
	l := serve(t, ws.ListenOptions{Origins: []string{"*.example.com", "https://plant.local:8443"}}, echo)
	for origin, status := range map[string]int{
		"":                            101,
		"http://" + l.Addr().String(): 101,
		"http://a.example.com":        101,
		"https://plant.local:8443":    101,
		"http://plant.local:8443":     403,
		"http://plant.local":          403,
		"http://example.com":          403,
		"http://evil.com":             403,
		"http://a.example.com.evil":   403,
		"null":                        403,
		"::":                          403,
	} {
		r := rawDial(t, l.Addr())
		var headers []string
		if origin != "" {
			headers = append(headers, "Origin: "+origin)
		}
		if resp := r.request(t, headers...); resp.StatusCode != status {
			t.Errorf("Origin %q: %s, want %d", origin, resp.Status, status)
		}
		r.Close()
	}
}

// TestOriginPattern: a pattern that can never match is refused at start.
func TestOriginPattern(t *testing.T) {
	if _, err := ws.Listen("127.0.0.1:0", ws.ListenOptions{Origins: []string{"[a"}}); err == nil {
		t.Error("pattern [a was accepted")
	}
}

// TestPlainHTTP: whoever comes without an upgrade is told what this is.
func TestPlainHTTP(t *testing.T) {
	l := serve(t, ws.ListenOptions{}, echo)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusUpgradeRequired || !strings.Contains(string(body), "ws://"+l.Addr().String()) {
		t.Errorf("%s %q %v", resp.Status, body, err)
	}
}

// TestFault21SlowHandshakes: whoever does not finish the upgrade in time is
// closed, whether silent or trickling, with TLS and without.
func TestFault21SlowHandshakes(t *testing.T) {
	cert := newCert(t)
	plain := ws.ListenOptions{Handshake: 100 * time.Millisecond}
	secure := ws.ListenOptions{Handshake: 100 * time.Millisecond, CertFile: cert.certFile, KeyFile: cert.keyFile}
	for _, test := range []struct {
		name    string
		opts    ws.ListenOptions
		trickle string // sent again and again
	}{
		{"ws silent", plain, ""},
		{"ws request line", plain, "GET /aaaaaaaaaaaa"},
		{"ws headers", plain, "GET / HTTP/1.1\r\nA: b\r\n"},
		{"ws requests", plain, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"wss no ClientHello", secure, ""},
		{"wss half a ClientHello", secure, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := serve(t, test.opts, echo)
			conns := make([]*raw, 100)
			flat(t, func() {
				for i := range conns {
					conns[i] = rawDial(t, l.Addr())
				}
				for _, r := range conns {
					go trickle(r, test.trickle)
				}
				for _, r := range conns {
					if _, err := io.Copy(io.Discard, r.br); isTimeout(err) {
						t.Error("still open")
					}
					r.Close()
				}
				for l.Open() > 0 {
					runtime.Gosched() // net/http is on its way out
				}
			})
			if test.opts.CertFile == "" {
				upgraded(t, l.Addr()).Close()
			}
		})
	}
}

// trickle writes s byte by byte until the connection ends.
func trickle(r *raw, s string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := 0; s != ""; i++ {
		<-tick.C
		if _, err := r.Write([]byte{s[i%len(s)]}); err != nil {
			return
		}
	}
}

func isTimeout(err error) bool {
	n, ok := err.(net.Error)
	return ok && n.Timeout()
}

// TestTLSVersions: fault 38, below TLS 1.2 there is no connection.
func TestFault38TLSVersions(t *testing.T) {
	cert := newCert(t)
	l := serve(t, ws.ListenOptions{CertFile: cert.certFile, KeyFile: cert.keyFile}, echo)
	for version, ok := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conf := cert.roots()
		conf.MinVersion, conf.MaxVersion = version, version
		c, err := tls.Dial("tcp", l.Addr().String(), conf)
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			c.Close()
		}
	}
}

// TestTLSFiles: half a configuration must not become a plain listener.
func TestTLSFiles(t *testing.T) {
	cert := newCert(t)
	for name, opts := range map[string]ws.ListenOptions{
		"no key":         {CertFile: cert.certFile},
		"no certificate": {KeyFile: cert.keyFile},
		"missing file":   {CertFile: cert.certFile, KeyFile: cert.keyFile + "x"},
		"wrong file":     {CertFile: cert.certFile, KeyFile: cert.certFile},
	} {
		if _, err := ws.Listen("127.0.0.1:0", opts); err == nil {
			t.Errorf("%s: listens", name)
		}
	}
}

// TestTLSRoundTrip: messages of all sizes through wss.
func TestTLSRoundTrip(t *testing.T) {
	cert := newCert(t)
	l := serve(t, ws.ListenOptions{CertFile: cert.certFile, KeyFile: cert.keyFile}, echo)
	link, err := ws.Dial(context.Background(), "wss://"+l.Addr().String(), ws.DialOptions{TLS: cert.roots()})
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close(nil)
	for _, n := range []int{1, 1000, 100_000, 5_000_000} {
		m := pub(t, "a", n)
		done := make(chan error, 1)
		go func() { done <- link.Send([]*protocol.Message{m}) }()
		got, err := link.Receive()
		if err != nil {
			t.Fatal(err)
		}
		same(t, "PUB", got, m)
		if err := await(t, done); err != nil {
			t.Fatal(err)
		}
	}
}
