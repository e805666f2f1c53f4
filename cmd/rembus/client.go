package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// client is how the broker is reached: the flags that all commands share.
type client struct {
	url, name, ca string
	json          bool
	timeout       time.Duration
}

func (c *client) flags(f *pflag.FlagSet) {
	f.StringVar(&c.url, "url", "", "the broker, ws://host:port or wss://host:port (default $REMBUS_BASE_URL or "+component.DefaultBase+")")
	f.StringVar(&c.name, "name", "", "log in under this name, which keeps its subscriptions and what it missed (default anonymous)")
	f.StringVar(&c.ca, "ca", "", "certificates to trust with wss://, a PEM file (default those of the system)")
	f.BoolVar(&c.json, "json-encoding", false, "speak JSON instead of CBOR to the broker")
	f.DurationVar(&c.timeout, "timeout", 10*time.Second, "how long to wait for the connection and for each answer")
}

// address returns the URL of the broker, with the name as its path.
func (c *client) address() (*url.URL, error) {
	raw, from := c.url, "--url"
	if raw == "" {
		raw, from = os.Getenv("REMBUS_BASE_URL"), "REMBUS_BASE_URL"
	}
	if raw == "" {
		raw = component.DefaultBase
	}
	u, err := url.Parse(raw)
	switch {
	case !strings.Contains(raw, "://"):
		return nil, wrong("%s %q has no scheme; write ws://%s", from, raw, raw)
	case err != nil:
		return nil, wrong("%s: %v", from, err)
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, wrong("%s %q: the scheme must be ws or wss", from, u.Redacted())
	case u.Host == "":
		return nil, wrong("%s %q names no host", from, u.Redacted())
	}
	if c.name != "" {
		if err := protocol.CheckName(c.name, protocol.DefaultLimits()); err != nil {
			return nil, wrong("--name: %w", err)
		}
		if strings.Trim(c.name, "/") != c.name {
			return nil, wrong("--name %q must not begin or end with a slash", c.name)
		}
		u.Path, u.RawPath = "/"+c.name, ""
	} else if from != "--url" {
		u.Path, u.RawPath = "", "" // the environment names a broker, not a component
	}
	return u, nil
}

// dial connects to the broker. What happens on the connection later is told on
// console.
func (c *client) dial(ctx context.Context, console *console, opts ...component.Option) (*component.Component, error) {
	u, err := c.address()
	if err != nil {
		return nil, err
	}
	if c.timeout <= 0 {
		return nil, wrong("--timeout must be positive")
	}
	opts = append([]component.Option{
		component.WithLogger(slog.New(slog.DiscardHandler)),
		component.WithDialTimeout(c.timeout), component.WithRequestTimeout(c.timeout), component.WithAckTimeout(c.timeout),
		component.OnError(console.failure), component.OnDisconnect(console.lost), component.OnReconnect(console.back),
	}, opts...)
	if c.json {
		opts = append(opts, component.WithJSON())
	}
	if c.ca != "" {
		config, err := trust(c.ca, u)
		if err != nil {
			return nil, err
		}
		opts = append(opts, component.WithTLS(config))
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	comp, err := component.Dial(ctx, u.String(), opts...)
	if err != nil {
		return nil, &dialError{url: u, err: err}
	}
	return comp, nil
}

// trust returns a configuration that trusts the certificates in a file.
func trust(path string, u *url.URL) (*tls.Config, error) {
	if u.Scheme != "wss" {
		return nil, wrong("--ca is for wss://, but the URL is %s", u.Redacted())
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, wrong("--ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, wrong("--ca: no certificate in %s; it must be PEM, -----BEGIN CERTIFICATE-----", path)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// flush waits until everything is sent and acknowledged, or the connection is
// lost for longer than the timeout; closing says what is left. While there is a
// connection it takes the time that it needs.
func (c *client) flush(ctx context.Context, comp *component.Component) {
	for {
		round, cancel := context.WithTimeout(ctx, c.timeout)
		err := comp.Flush(round)
		cancel()
		lost := errors.Is(err, component.ErrTimeout) && !comp.Connected()
		if err == nil || lost || ctx.Err() != nil || errors.Is(err, component.ErrClosed) {
			return
		}
	}
}

// close ends comp in good order, for which it has the time of --timeout; err is what
// came before.
func (c *client) close(comp *component.Component, err error) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	return errors.Join(err, comp.Close(ctx))
}
