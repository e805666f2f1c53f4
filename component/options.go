package component

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Option changes how a component is set up by [Dial] or [Attach].
type Option func(*options)

type options struct {
	encoding  protocol.Encoding
	limits    protocol.Limits
	tls       *tls.Config
	logger    *slog.Logger
	onError   func(error)
	onDown    func(error)
	onUp      func()
	reconnect bool
	minDelay  time.Duration
	maxDelay  time.Duration
	dial      time.Duration // bound of one attempt to connect
	request   time.Duration
	ack       time.Duration
	ping      time.Duration
	outbox    int // bytes
	inbox     int // bytes
	window    int // messages
	handlers  int
	failFull  bool
	manual    bool
}

func defaults() options {
	return options{
		limits:    protocol.DefaultLimits(),
		logger:    slog.Default(),
		reconnect: true,
		minDelay:  100 * time.Millisecond,
		maxDelay:  10 * time.Second,
		dial:      10 * time.Second,
		request:   10 * time.Second,
		ack:       30 * time.Second,
		ping:      30 * time.Second,
		outbox:    8 << 20,
		inbox:     64 << 20,
		window:    1024,
		handlers:  256,
	}
}

func (o *options) validate() error {
	switch {
	case o.minDelay <= 0 || o.maxDelay < o.minDelay:
		return errors.New("rembus: the delays of WithReconnect must be positive and in order")
	case o.dial <= 0 || o.request <= 0 || o.ack <= 0:
		return errors.New("rembus: timeouts must be positive")
	case o.outbox <= 0 || o.inbox <= 0 || o.window <= 0 || o.handlers <= 0:
		return errors.New("rembus: bounds of queues must be positive")
	}
	return nil
}

// WithJSON makes [Dial] speak JSON-RPC text frames instead of CBOR.
func WithJSON() Option { return func(o *options) { o.encoding = protocol.JSON } }

// WithTLS sets the TLS configuration for wss URLs.
func WithTLS(c *tls.Config) Option { return func(o *options) { o.tls = c } }

// WithLimits bounds what the broker may send and what may be sent to it; zero
// fields keep their default of [protocol.DefaultLimits].
func WithLimits(l protocol.Limits) Option { return func(o *options) { o.limits = l.OrDefault() } }

// WithLogger sets where failures of handlers and of the connection are logged, at a
// bounded rate: [slog.Default] by default.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// OnError sets a function that gets every failure that no call can return: a
// [*HandlerError], [ErrSlow], [ErrNoHandler], a failed attempt to reconnect, a refused message. It
// is called where the failure happens, possibly from several goroutines at
// once, and must not block.
func OnError(fn func(error)) Option { return func(o *options) { o.onError = fn } }

// OnDisconnect sets a function that is told when the connection was lost, and
// why. It runs in order with the handlers of subscriptions.
func OnDisconnect(fn func(error)) Option { return func(o *options) { o.onDown = fn } }

// OnReconnect sets a function that is told when the connection stands again and
// subscriptions and exposures were sent. It runs in order with the handlers of
// subscriptions.
func OnReconnect(fn func()) Option { return func(o *options) { o.onUp = fn } }

// WithReconnect sets the delays between attempts to reconnect: the first one
// waits about least, each further one twice as long, up to most. By default 100 ms
// and 10 s.
func WithReconnect(least, most time.Duration) Option {
	return func(o *options) { o.reconnect, o.minDelay, o.maxDelay = true, least, most }
}

// WithoutReconnect makes a lost connection the end of the component.
func WithoutReconnect() Option { return func(o *options) { o.reconnect = false } }

// WithDialTimeout bounds one attempt to connect and log in, 10 s by default.
// The context of [Dial] counts too.
func WithDialTimeout(d time.Duration) Option { return func(o *options) { o.dial = d } }

// WithRequestTimeout bounds requests whose context has no deadline, 10 s by default:
// a broker drops a call that nobody answers without saying so.
func WithRequestTimeout(d time.Duration) Option { return func(o *options) { o.request = d } }

// WithAckTimeout sets how long a QoS1 or QoS2 message waits for its ACK on a
// standing connection before it fails with [ErrTimeout], 30 s by default: some
// brokers do not answer a publisher that they refuse.
func WithAckTimeout(d time.Duration) Option { return func(o *options) { o.ack = d } }

// WithPing sets how often [Dial]'s connection is tested, every 30 s by default; no sign
// of life for 1.5 times as long ends it. Zero or less: never.
func WithPing(d time.Duration) Option { return func(o *options) { o.ping = d } }

// WithOutbox bounds the bytes that wait to be written, 8 MiB by default. One
// message of any size always fits into an empty outbox.
func WithOutbox(bytes int) Option { return func(o *options) { o.outbox = bytes } }

// WithInbox bounds the bytes of QoS0 deliveries, and of calls, that wait for a
// handler, 64 MiB by default.
func WithInbox(bytes int) Option { return func(o *options) { o.inbox = bytes } }

// WithWindow bounds the QoS1 and QoS2 messages that are sent and not yet
// acknowledged, 1024 by default. Their bytes are bounded as the outbox is.
func WithWindow(messages int) Option { return func(o *options) { o.window = messages } }

// WithFailWhenFull makes publishing return [ErrFull] at once when the outbox or
// the window is full, instead of waiting for room.
func WithFailWhenFull() Option { return func(o *options) { o.failFull = true } }

// WithHandlers bounds the calls of exposed methods that run at the same time, 256
// by default.
func WithHandlers(n int) Option { return func(o *options) { o.handlers = n } }

// WithManualReactive leaves it to [Component.Reactive] to start the delivery of
// stored messages; without it the first Subscribe does.
func WithManualReactive() Option { return func(o *options) { o.manual = true } }
