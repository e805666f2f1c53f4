package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// Dial connects to a broker at rawURL, ws://host:port/name or wss://… . The
// proxy of the environment is used. ctx bounds the dialing alone. The error
// says what to do about it, as far as that can be known.
func Dial(ctx context.Context, rawURL string, opts DialOptions) (protocol.Link, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("ws: %w", err)
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
		return nil, fmt.Errorf("ws: URL %q must be ws://host:port/name or wss://host:port/name", u.Redacted())
	}
	opts = opts.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, opts.Handshake)
	defer cancel()

	d := &dialer{opts: opts}
	transport := &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		DialContext:       d.dial,
		DialTLSContext:    d.dialTLS,
		TLSClientConfig:   opts.TLS, // for what goes through a proxy
		DisableKeepAlives: true,
	}
	conn, resp, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{
		HTTPClient:      &http.Client{Transport: transport, CheckRedirect: noRedirect},
		Subprotocols:    opts.subprotocols(),
		CompressionMode: websocket.CompressionDisabled,
		OnPingReceived:  func(context.Context, []byte) bool { return d.sock.answersPing() },
	})
	if err != nil {
		return nil, fmt.Errorf("ws: cannot connect to %s: %w", u.Redacted(), explain(err, resp, u))
	}
	l := &link{
		conn:  conn,
		sock:  d.sock,
		codec: protocol.NewComponentCodec(opts.Limits, opts.Encoding),
		log:   opts.Logger,
		max:   opts.Limits.MaxMessage,
		name:  u.Scheme + " " + d.sock.RemoteAddr().String(),

		component: true,
	}
	return l.start(opts.Ping), nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// dialer keeps the socket that net/http was given.
type dialer struct {
	opts DialOptions
	sock *socket
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var nd net.Dialer
	raw, err := nd.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.sock = newSocket(raw, raw, d.opts.WriteTimeout)
	d.sock.answers = true
	return d.sock, nil
}

func (d *dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	td := tls.Dialer{Config: d.opts.TLS}
	conn, err := td.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.sock = newSocket(conn, conn.(*tls.Conn).NetConn(), d.opts.WriteTimeout)
	return d.sock, nil
}

// explain adds to a failure of dialing what can be done about it.
func explain(err error, resp *http.Response, u *url.URL) error {
	var unknown *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	switch {
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("it answers HTTP %d instead of a WebSocket: %q", resp.StatusCode, firstBytes(resp))
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens there, is the broker running? (%w)", err)
	case errors.As(err, &unknown):
		return fmt.Errorf("unknown host %q (%w)", unknown.Name, err)
	case errors.As(err, &untrusted):
		return fmt.Errorf("its certificate is not trusted; give the CA that signed it (%w)", err)
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("it speaks no TLS; use ws://%s (%w)", u.Host, err)
	case u.Scheme == "ws" && (errors.Is(err, io.EOF) || strings.Contains(err.Error(), "malformed HTTP response")):
		return fmt.Errorf("it does not answer as a web server would; if it is a TLS port, use wss://%s (%w)", u.Host, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer in time (%w)", err)
	}
	return err
}

// firstBytes is the beginning of what the server had to say.
func firstBytes(resp *http.Response) string {
	if resp.Body == nil {
		return ""
	}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 200)) // what can be had
	return strings.TrimSpace(string(b))
}
