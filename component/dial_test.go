package component_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/component"
)

// The name is the URL's path; what has no scheme is a name at REMBUS_BASE_URL.
func TestDialURLs(t *testing.T) {
	b := newBroker(t, ways[1])
	t.Setenv("REMBUS_BASE_URL", b.url)
	for url, name := range map[string]string{
		b.url + "/meter":        "meter",
		b.url + "/site/meter.x": "site/meter.x",
		b.url + "/meter%20two/": "meter two",
		b.url:                   "",
		b.url + "/":             "",
		"meter":                 "meter",
		"/meter":                "meter",
		"":                      "",
	} {
		c, err := component.Dial(t.Context(), url, component.WithLogger(quiet))
		if err != nil {
			t.Errorf("%q: %v", url, err)
			continue
		}
		if c.Name() != name {
			t.Errorf("%q: name %q, want %q", url, c.Name(), name)
		}
		if rid, err := component.Call[string](t.Context(), c, "rid"); rid != "broker" || err != nil {
			t.Errorf("%q: %q, %v", url, rid, err)
		}
		b.close(c)
	}
}

func TestDialRefusesURLs(t *testing.T) {
	for _, tc := range []struct{ url, base, says string }{
		{"http://x/meter", "", "ws or wss"},
		{"tcp://x/meter", "", "ws or wss"},
		{"ws:///meter", "", "no host"},
		{"ws://%zz/", "", ""},
		{"localhost:8338/meter", "", "write ws://localhost:8338/meter"},
		{"meter", "localhost:8338", "REMBUS_BASE_URL"},
		{"ws://127.0.0.1:1/meter", "", "is the broker running"},
		{"ws://127.0.0.1:1/a%00b", "", ""}, // fault 31
	} {
		t.Setenv("REMBUS_BASE_URL", tc.base)
		_, err := component.Dial(t.Context(), tc.url)
		if err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q: %v, want %q", tc.url, err, tc.says)
		}
	}
}

func TestDialJSON(t *testing.T) {
	b := newBroker(t, ways[2])
	c, err := component.Dial(t.Context(), b.url+"/meter", component.WithJSON(), component.WithPing(0), component.WithLogger(quiet))
	must(t, err)
	defer b.close(c)
	if v, err := component.Call[string](t.Context(), c, "rid"); v != "broker" || err != nil {
		t.Errorf("rid: %q, %v", v, err)
	}
	// What JSON cannot express is refused here, not dropped on the way.
	if err := c.Publish(t.Context(), "t", map[string]any{"x": make(chan int)}); err == nil {
		t.Error("a channel was published")
	}
}

func TestDialTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(nil) // for its certificate
	web.StartTLS()
	defer web.Close()
	key, err := x509.MarshalPKCS8PrivateKey(web.TLS.Certificates[0].PrivateKey)
	must(t, err)
	b := newBrokerOn(t, ways[1], ws.ListenOptions{
		CertFile: pemFile(t, "CERTIFICATE", web.Certificate().Raw),
		KeyFile:  pemFile(t, "PRIVATE KEY", key),
	})
	url := strings.Replace(b.url, "ws:", "wss:", 1) + "/meter"
	if _, err := component.Dial(t.Context(), url); err == nil { // fault 38
		t.Error("an unknown certificate was trusted")
	}
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	c, err := component.Dial(t.Context(), url, component.WithTLS(&tls.Config{RootCAs: roots}), component.WithLogger(quiet))
	must(t, err)
	defer b.close(c)
	if v, err := component.Call[string](t.Context(), c, "rid"); v != "broker" || err != nil {
		t.Errorf("rid: %q, %v", v, err)
	}
}

func pemFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.pem")
	must(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return name
}
