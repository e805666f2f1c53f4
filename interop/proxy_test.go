package interop

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// proxy stands between components and a broker: it sees each frame, and can lose
// frames and connections.
type proxy struct {
	t      *testing.T
	url    string
	server *httptest.Server
	deaf   atomic.Bool // pings of the broker are not answered

	mu      sync.Mutex // Protects following
	target  string     // of new connections
	lose    func(f frame) bool
	changed chan struct{} // closed and replaced with each change
	links   []*relayed
}

// relayed is one connection through the proxy. Guarded by the proxy's lock.
type relayed struct {
	cancel context.CancelFunc // ends both sides without a word
	frames []frame            // in the order seen, those that were lost too
}

// frame is one frame and its way.
type frame struct {
	toClient bool
	kind     websocket.MessageType
	data     []byte
}

func newProxy(t *testing.T, target string) *proxy {
	p := &proxy{t: t, target: target, changed: make(chan struct{})}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	p.url = "ws" + strings.TrimPrefix(p.server.URL, "http")
	t.Cleanup(func() {
		p.cut()
		p.server.Close()
	})
	return p
}

// serve connects whoever came with the broker, for as long as both stay.
func (p *proxy) serve(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	broker, _, err := websocket.Dial(ctx, target, &websocket.DialOptions{
		OnPingReceived: func(context.Context, []byte) bool { return !p.deaf.Load() },
	})
	if err != nil {
		http.Error(w, "no broker", http.StatusBadGateway)
		return
	}
	defer broker.CloseNow()
	client, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer client.CloseNow()
	broker.SetReadLimit(-1)
	client.SetReadLimit(-1)
	l := &relayed{cancel: cancel}
	p.change(func() { p.links = append(p.links, l) })
	var relays sync.WaitGroup
	relays.Go(func() { p.relay(ctx, l, client, broker, true) })
	p.relay(ctx, l, broker, client, false)
	relays.Wait()
}

// relay passes frames on until either end closes, and then tells the other one how.
func (p *proxy) relay(ctx context.Context, l *relayed, to, from *websocket.Conn, toClient bool) {
	for {
		kind, data, err := from.Read(ctx)
		if err != nil {
			if code := websocket.CloseStatus(err); code >= 0 {
				_ = to.Close(code, "")
			} else {
				_ = to.CloseNow()
			}
			return
		}
		f := frame{toClient, kind, data}
		lost := false
		p.change(func() {
			l.frames = append(l.frames, f)
			lost = p.lose != nil && p.lose(f)
		})
		if lost {
			continue
		}
		if to.Write(ctx, kind, data) != nil {
			_ = from.CloseNow()
			return
		}
	}
}

// change runs fn under the lock and wakes who waits.
func (p *proxy) change(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
	close(p.changed)
	p.changed = make(chan struct{})
}

// loseFrames makes the frames disappear for which fn returns true.
func (p *proxy) loseFrames(fn func(f frame) bool) {
	p.change(func() { p.lose = fn })
}

// redirect sends new connections to another broker; with "" they are refused.
func (p *proxy) redirect(target string) {
	p.change(func() { p.target = target })
}

// cut breaks all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		l.cancel()
	}
}

// await waits until cond, which gets the connections so far, is true.
func (p *proxy) await(what string, cond func(links []*relayed) bool) {
	p.t.Helper()
	deadline := time.NewTimer(bound)
	defer deadline.Stop()
	for {
		p.mu.Lock()
		ok, changed := cond(p.links), p.changed
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			p.t.Fatalf("the proxy did not see %s in %v", what, bound)
		}
	}
}

// awaitAnswers waits until connection n, counted from 1, has got so many frames from the
// broker. The client sends IDENTITY, if it has a name, and reactive when it connects again by itself.
func (p *proxy) awaitAnswers(n, frames int) {
	p.t.Helper()
	p.await("a connection with its answers", func(links []*relayed) bool {
		return len(links) >= n && len(links[n-1].toClient()) >= frames
	})
}

// toClient returns the frames from the broker. The proxy's lock held.
func (l *relayed) toClient() (frames []frame) {
	for _, f := range l.frames {
		if f.toClient {
			frames = append(frames, f)
		}
	}
	return frames
}

// fromBroker returns the frames that all clients got so far.
func (p *proxy) fromBroker() (frames []frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		frames = append(frames, l.toClient()...)
	}
	return frames
}
