package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// tables is the schema of the brokers of the tests.
const tables = `{"tables": [{"table": "weather", "topic": ":dn/weather", "columns": [
	{"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}, {"col": "count", "type": "BIGINT"}, {"col": "note", "type": "TEXT"}]}]}`

// broker is a whole one, with a lake, on free ports.
type broker struct {
	url, tlsURL string
	log         *memlog.Log
	core        *server.Server
	lake        *lake.Lake
	listeners   []*ws.Listener
	serving     sync.WaitGroup
	stopped     sync.Once

	mu    sync.Mutex // Protects following
	links map[protocol.Link]bool
}

// startBroker starts one and puts the certificate of its TLS port into dir/ca.pem.
func startBroker(dir string) (*broker, error) {
	ctx := context.Background()
	s, err := schema.Parse([]byte(tables))
	if err != nil {
		return nil, err
	}
	b := &broker{links: make(map[protocol.Link]bool), log: memlog.New(memlog.Options{})}
	quiet := slog.New(slog.DiscardHandler)
	if b.core, err = server.New(server.Options{Log: b.log, Logger: quiet, Version: "test"}); err != nil {
		return nil, err
	}
	if b.lake, err = lake.Open(ctx, lake.Options{Schema: s, Logger: quiet, BatchInterval: 10 * time.Millisecond}); err != nil {
		return nil, err
	}
	for name, p := range b.lake.Procedures(b.core.Submit) {
		b.core.Provide(name, p)
	}
	b.core.Provide("query_hostile", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
		return protocol.EncodeValue(hostileFrame())
	})
	b.lake.Start(b.log)
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "key.pem")
	if err := writeCertificate(cert, key); err != nil {
		return nil, err
	}
	if b.url, err = b.listen("ws", ws.ListenOptions{}); err != nil {
		return nil, err
	}
	b.tlsURL, err = b.listen("wss", ws.ListenOptions{CertFile: cert, KeyFile: key})
	return b, err
}

func (b *broker) listen(scheme string, opts ws.ListenOptions) (string, error) {
	l, err := ws.Listen("127.0.0.1:0", opts)
	if err != nil {
		return "", err
	}
	b.listeners = append(b.listeners, l)
	b.serving.Go(func() { _ = l.Serve(b.serve) })
	return scheme + "://" + l.Addr().String(), nil
}

func (b *broker) serve(link protocol.Link) {
	b.mu.Lock()
	b.links[link] = true
	b.mu.Unlock()
	_ = b.core.Serve(link) // ends as the script wants it
	b.mu.Lock()
	delete(b.links, link)
	b.mu.Unlock()
}

// drop cuts all connections.
func (b *broker) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for link := range b.links {
		link.Close(errors.New("dropped by the test"))
	}
}

func (b *broker) stop() { b.stopped.Do(b.close) }

func (b *broker) close() {
	ctx := context.Background()
	_ = b.core.Close(ctx) // the connections of a script that failed end as they are
	for _, l := range b.listeners {
		_ = l.Close(ctx)
	}
	b.serving.Wait()
	_ = b.lake.Close(ctx)
	_ = b.log.Close()
}

// writeCertificate makes a certificate for 127.0.0.1 that signs itself.
func writeCertificate(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}
