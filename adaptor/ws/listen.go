package ws

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"github.com/rembus-go/rembus/protocol"
)

// errShutdown is what links are told that are still there when Close must end.
var errShutdown = errors.New("the broker shuts down")

// Listener accepts WebSocket connections on one address. Any path is accepted:
// who a component is, it says in its IDENTITY message.
type Listener struct {
	opts   ListenOptions
	accept *acceptor
	http   *http.Server
	scheme string // for RemoteAddr: ws or wss
	handle func(protocol.Link)

	mu     sync.Mutex // protects following
	closed bool
	cut    bool // Close could wait no longer
	links  map[*link]struct{}
	active sync.WaitGroup // handshakes and handles; not added to once closed
}

// Listen binds addr ("host:port"; port 0 takes a free one). Connections wait
// until [Listener.Serve] is called.
func Listen(addr string, opts ListenOptions) (*Listener, error) {
	opts, err := opts.validate()
	if err != nil {
		return nil, err
	}
	secure, err := opts.tls()
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("ws: cannot listen on %q: %w", addr, err)
	}
	a := &acceptor{Listener: ln, tls: secure, timeout: opts.WriteTimeout, max: int64(opts.MaxConns), log: opts.Logger}
	return newListener(a, opts), nil
}

func newListener(a *acceptor, opts ListenOptions) *Listener {
	l := &Listener{opts: opts, accept: a, scheme: "ws", links: make(map[*link]struct{})}
	if a.tls != nil {
		l.scheme = "wss"
	}
	l.http = &http.Server{
		Handler:           http.HandlerFunc(l.upgrade),
		ReadHeaderTimeout: opts.Handshake,
		ReadTimeout:       opts.Handshake,
		WriteTimeout:      opts.Handshake,
		IdleTimeout:       opts.Handshake,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(opts.Logger.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, socketKey{}, c)
		},
	}
	return l
}

// socketKey finds the socket of a request in its context.
type socketKey struct{}

// Addr is the address that is listened on.
func (l *Listener) Addr() net.Addr { return l.accept.Addr() }

// Serve accepts connections until Close and then returns nil. It calls handle
// for each on a goroutine of its own; the link is closed when handle returns.
// Call it once.
func (l *Listener) Serve(handle func(protocol.Link)) error {
	l.handle = handle
	err := l.http.Serve(l.accept)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("ws: %w", err)
}

// Close stops accepting and waits until every handle has returned: to close the
// links is the affair of who handles them. When ctx ends first, the remaining
// links are closed and the error is ctx's.
func (l *Listener) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	err := errors.Join(l.http.Close(), ignoreClosed(l.accept.Close()))

	done := make(chan struct{})
	go func() {
		l.active.Wait()
		close(done)
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	for k := range l.links {
		go k.Close(errShutdown)
	}
	return errors.Join(err, ctx.Err())
}

// ignoreClosed forgives closing twice: net/http closes the listeners it serves.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// upgrade answers one HTTP request.
func (l *Listener) upgrade(w http.ResponseWriter, r *http.Request) {
	sock := r.Context().Value(socketKey{}).(*socket)
	if r.Header.Get("Upgrade") == "" {
		w.Header().Set("Connection", "Upgrade, close")
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "This is a Rembus broker. Connect with WebSocket, such as "+l.scheme+"://"+l.Addr().String()+"/name", http.StatusUpgradeRequired)
		return
	}
	if !l.begin() {
		refuse(w, errShutdown.Error())
		return
	}
	if l.accept.full() {
		l.active.Done()
		refuse(w, "too many connections")
		return
	}
	conn, err := websocket.Accept(&upgrading{w, sock}, r, &websocket.AcceptOptions{
		Subprotocols:    []string{Subprotocol},
		OriginPatterns:  l.opts.Origins,
		CompressionMode: websocket.CompressionDisabled,
		OnPingReceived:  func(context.Context, []byte) bool { return sock.answersPing() },
	})
	if err != nil {
		l.active.Done()
		l.opts.Logger.Debug("ws: upgrade refused", "remote", r.RemoteAddr, "error", err)
		return
	}
	k := &link{
		conn:  conn,
		sock:  sock,
		codec: protocol.NewCodec(l.opts.Limits, protocol.CBOR),
		log:   l.opts.Logger,
		max:   l.opts.Limits.MaxMessage,
		name:  l.scheme + " " + r.RemoteAddr,
	}
	k.start(l.opts.Ping)
	go l.run(k) // not here: the stack and the request of net/http would live as long as the link
}

// upgrading hands the connection of an accepted upgrade to the WebSocket library.
type upgrading struct {
	http.ResponseWriter
	sock *socket
}

// Hijack puts what net/http has read beyond the request back into the socket.
func (u *upgrading) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil || !u.sock.direct.works() {
		return conn, rw, err
	}
	if n := rw.Reader.Buffered(); n > 0 {
		ahead, _ := rw.Reader.Peek(n)
		u.sock.in.add(ahead)
		_, err = rw.Reader.Discard(n)
	}
	return conn, rw, err
}

func refuse(w http.ResponseWriter, why string) {
	w.Header().Set("Connection", "close")
	w.Header().Set("Retry-After", "5")
	http.Error(w, why, http.StatusServiceUnavailable)
}

// begin counts a connection in, unless the listener is closed.
func (l *Listener) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.active.Add(1)
	}
	return !l.closed
}

func (l *Listener) run(k *link) {
	defer l.active.Done()
	l.mu.Lock()
	l.links[k] = struct{}{}
	cut := l.cut
	l.mu.Unlock()
	if cut {
		k.Close(errShutdown)
	}
	defer func() {
		k.Close(nil)
		l.mu.Lock()
		delete(l.links, k)
		l.mu.Unlock()
	}()
	l.handle(k)
}
