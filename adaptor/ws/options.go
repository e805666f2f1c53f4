package ws

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"path"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Defaults of the options.
const (
	DefaultHandshake    = 2 * time.Second
	DefaultDial         = 10 * time.Second
	DefaultPing         = 30 * time.Second
	DefaultWriteTimeout = 30 * time.Second
)

// ListenOptions configures a [Listener]. The zero value is ready for use.
type ListenOptions struct {
	// Limits bounds what a peer may send.
	Limits protocol.Limits

	// Handshake is the time from accepting a connection to its upgrade, TLS
	// included. Zero means DefaultHandshake.
	Handshake time.Duration

	// Origins lists whose web pages may connect, as patterns of path.Match for
	// the host ("*.example.com") or for scheme and host
	// ("https://*.example.com"). Pages of the broker's own host always may, and
	// so may programs, which send no Origin.
	Origins []string

	// CertFile and KeyFile, both or none, are PEM files that make the listener
	// speak TLS, 1.2 or newer.
	CertFile, KeyFile string

	// Ping is the interval of pings. A peer that shows no sign of life for 1.5
	// intervals is gone. Zero means DefaultPing, negative none.
	Ping time.Duration

	// WriteTimeout is how long a peer may take nothing of what it is sent.
	// Zero means DefaultWriteTimeout.
	WriteTimeout time.Duration

	// MaxConns is the number of connections; further ones are answered with
	// status 503. Zero means what the limit of open files allows.
	MaxConns int

	// Logger gets refused connections and messages that cannot be sent (debug),
	// and failures to accept (warning). Nil means none.
	Logger *slog.Logger
}

// validate fills in the defaults.
func (o ListenOptions) validate() (ListenOptions, error) {
	o.Limits = o.Limits.OrDefault()
	orDefault(&o.Handshake, DefaultHandshake)
	orDefault(&o.Ping, DefaultPing)
	orDefault(&o.WriteTimeout, DefaultWriteTimeout)
	if o.Handshake < 0 || o.WriteTimeout < 0 || o.MaxConns < 0 {
		return o, fmt.Errorf("ws: handshake %v, write timeout %v and connections %d must not be negative", o.Handshake, o.WriteTimeout, o.MaxConns)
	}
	for _, p := range o.Origins {
		if _, err := path.Match(p, ""); err != nil {
			return o, fmt.Errorf("ws: origin pattern %q: %w", p, err)
		}
	}
	if o.MaxConns == 0 {
		o.MaxConns = connsFor(openFiles())
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// tls returns the configuration for the certificate, nil when there is none.
func (o ListenOptions) tls() (*tls.Config, error) {
	if o.CertFile == "" && o.KeyFile == "" {
		return nil, nil
	}
	if o.CertFile == "" || o.KeyFile == "" {
		return nil, fmt.Errorf("ws: TLS needs both a certificate file and a key file")
	}
	cert, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("ws: TLS certificate %q with key %q: %w", o.CertFile, o.KeyFile, err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}, nil
}

// DialOptions configures [Dial]. The zero value is ready for use.
type DialOptions struct {
	// Encoding is what is sent until the broker's first frame; answers are
	// in the encoding of the last frame received.
	Encoding protocol.Encoding

	// Limits bounds what the broker may send.
	Limits protocol.Limits

	// TLS is for wss; nil means the roots of the system and TLS 1.2 or newer.
	TLS *tls.Config

	// Handshake is the time until the upgrade. Zero means DefaultDial.
	Handshake time.Duration

	// Single sends one message a frame, as foreign clients do: [Subprotocol] is
	// not offered.
	Single bool

	// Ping is the interval of pings. A broker that shows no sign of life for
	// 1.5 intervals is gone. Zero means DefaultPing, negative none.
	Ping time.Duration

	// WriteTimeout is how long the broker may take nothing of what it is sent.
	// Zero means DefaultWriteTimeout.
	WriteTimeout time.Duration

	// Logger gets messages that cannot be sent (debug). Nil means none.
	Logger *slog.Logger
}

// subprotocols is what Dial offers. JSON goes one message a frame.
func (o DialOptions) subprotocols() []string {
	if o.Single || o.Encoding == protocol.JSON {
		return nil
	}
	return []string{Subprotocol}
}

func (o DialOptions) withDefaults() DialOptions {
	o.Limits = o.Limits.OrDefault()
	orDefault(&o.Handshake, DefaultDial)
	orDefault(&o.Ping, DefaultPing)
	orDefault(&o.WriteTimeout, DefaultWriteTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.TLS == nil {
		o.TLS = &tls.Config{}
	}
	o.TLS = o.TLS.Clone()
	o.TLS.MinVersion = max(o.TLS.MinVersion, tls.VersionTLS12)
	o.TLS.NextProtos = []string{"http/1.1"}
	return o
}

func orDefault(d *time.Duration, def time.Duration) {
	if *d == 0 {
		*d = def
	}
}
