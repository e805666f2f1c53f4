package component

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// DefaultBase is where a broker is looked for when neither the URL nor the
// environment variable REMBUS_BASE_URL names one.
const DefaultBase = "ws://127.0.0.1:8338"

// Dial connects to the broker at rawURL and logs in under the name that is the
// URL's path: ws://host:8338/meter, or wss with TLS. Without a path the
// component is anonymous. What has no scheme is a name alone, at the broker of
// REMBUS_BASE_URL, by default [DefaultBase]; "" is an anonymous component there.
//
// ctx bounds the connecting; the component lives until [Component.Close]. A broker
// that refuses the login, because the name is in use for example, is an [*Error].
func Dial(ctx context.Context, rawURL string, opts ...Option) (*Component, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	target, name, err := locate(rawURL, os.Getenv("REMBUS_BASE_URL"))
	if err != nil {
		return nil, err
	}
	ping := o.ping
	if ping <= 0 {
		ping = -1
	}
	wsOpts := ws.DialOptions{
		Encoding: o.encoding, Limits: o.limits, TLS: o.tls, Handshake: o.dial, Ping: ping, Logger: o.logger,
	}
	return attach(ctx, func(ctx context.Context) (protocol.Link, error) {
		return ws.Dial(ctx, target, wsOpts)
	}, name, o)
}

// hostPort is what a URL without its scheme looks like; as a name it is surely
// a mistake.
var hostPort = regexp.MustCompile(`^[^/]+:\d+(/|$)`)

// locate returns where to connect, and the name. The name is not part of the
// address: a component says it in its login.
func locate(rawURL, base string) (target, name string, err error) {
	if !strings.Contains(rawURL, "://") {
		if hostPort.MatchString(rawURL) {
			return "", "", fmt.Errorf("rembus: %q has no scheme; write ws://%s", rawURL, rawURL)
		}
		if base == "" {
			base = DefaultBase
		}
		u, err := parse(base)
		if err != nil {
			return "", "", fmt.Errorf("rembus: REMBUS_BASE_URL: %w", err)
		}
		return u.Scheme + "://" + u.Host, strings.Trim(rawURL, "/"), nil
	}
	u, err := parse(rawURL)
	if err != nil {
		return "", "", fmt.Errorf("rembus: %w", err)
	}
	return u.Scheme + "://" + u.Host, strings.Trim(u.Path, "/"), nil
}

func parse(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, fmt.Errorf("%q: the scheme must be ws or wss", u.Redacted())
	case u.Host == "":
		return nil, fmt.Errorf("%q names no host", u.Redacted())
	}
	return u, nil
}
