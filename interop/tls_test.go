package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/component"
)

// writePEM writes a PEM file and returns its path.
func writePEM(t *testing.T, dir, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newCertificate writes a certificate for this machine, which is its own authority, and its key.
func newCertificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "interop"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(cert)
	dir := t.TempDir()
	return writePEM(t, dir, "cert.pem", "CERTIFICATE", der), writePEM(t, dir, "key.pem", "PRIVATE KEY", secret), pool
}

// Python and Go over TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	certFile, keyFile, pool := newCertificate(t)
	b := newBroker(t, "--cert", certFile, "--key", keyFile)
	if !strings.HasPrefix(b.url, "wss://") {
		t.Fatalf("the broker is at %s", b.url)
	}
	d, err := startDriver(t.TempDir(), "HTTP_CA_BUNDLE="+certFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	c := newGoAt(t, b.url, "", component.WithTLS(&tls.Config{RootCAs: pool}))
	for _, s := range styles {
		py := newPythonOf(t, d, s, b.url, unique("tls"))
		py.subscribe(py.name)
		publishAll(t, c, component.QoS2, py.name, 3)
		for i := range 3 {
			py.wants(py.name, i)
		}
		py.answers("broker", "rid")
	}
}
