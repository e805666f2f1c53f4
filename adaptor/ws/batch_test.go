package ws_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync/atomic"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// counting counts the writes that reach the network.
type counting struct {
	net.Listener
	writes atomic.Int64
}

func (l *counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &countingConn{c, l}, err
}

type countingConn struct {
	net.Conn
	l *counting
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.l.writes.Add(1)
	return c.Conn.Write(p)
}

// TestBatchIsOneFlush: a batch arrives complete and in order, and reaches the
// network in one write, with TLS and without.
func TestBatchIsOneFlush(t *testing.T) {
	cert := newCert(t)
	for scheme, opts := range map[string]ws.ListenOptions{
		"ws":  {},
		"wss": {CertFile: cert.certFile, KeyFile: cert.keyFile},
	} {
		t.Run(scheme, func(t *testing.T) {
			tcp, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ln := &counting{Listener: tcp}
			links := make(chan protocol.Link, 1)
			l := serveOn(t, ln, opts, func(link protocol.Link) {
				links <- link
				link.Receive()
			})
			client, err := ws.Dial(context.Background(), scheme+"://"+l.Addr().String(), ws.DialOptions{TLS: cert.roots()})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close(nil)
			server := await(t, links)

			batch := make([]*protocol.Message, 100)
			for i := range batch {
				batch[i] = protocol.NewPub("n", args(t, i))
			}
			before := ln.writes.Load()
			if err := server.Send(batch); err != nil {
				t.Fatal(err)
			}
			if n := ln.writes.Load() - before; n != 1 {
				t.Errorf("%d writes for one batch", n)
			}
			for i := range batch {
				m, err := client.Receive()
				if err != nil {
					t.Fatal(err)
				}
				same(t, "PUB", m, batch[i])
			}
		})
	}
}

// TestLongBatchKeepsOrder: a batch of many megabytes, some of its messages
// fragmented, arrives in order.
func TestLongBatchKeepsOrder(t *testing.T) {
	links := make(chan protocol.Link, 1)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		links <- link
		link.Receive()
	})
	client := dial(t, l, ws.DialOptions{})
	server := await(t, links)
	var batch []*protocol.Message
	for i := range 400 {
		batch = append(batch, protocol.NewPub("n", args(t, i, make([]byte, i*500))))
	}
	done := make(chan error, 1)
	go func() { done <- server.Send(batch) }()
	for i := range batch {
		m, err := client.Receive()
		if err != nil {
			t.Fatal(err)
		}
		same(t, "PUB", m, batch[i])
	}
	if err := await(t, done); err != nil {
		t.Fatal(err)
	}
}

func (c *cert) roots() *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.pem)
	return &tls.Config{RootCAs: pool}
}
