package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come. Nothing measures it.
const patience = time.Minute

// broker is a server over a log in memory.
type broker struct {
	*server.Server
	t   *testing.T
	log *memlog.Log
}

func newBroker(t *testing.T, change ...func(*server.Options)) *broker {
	t.Helper()
	log := memlog.New(memlog.Options{})
	opts := server.Options{Name: "broker", Version: "test", Log: log, Logger: slog.New(slog.DiscardHandler)}
	for _, fn := range change {
		fn(&opts)
	}
	s, err := server.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		_ = log.Close()
	})
	return &broker{s, t, log}
}

// peer is the far end of a connection, driven message by message.
type peer struct {
	t      *testing.T
	link   protocol.Link
	in     chan *protocol.Message
	queued []*protocol.Message
	ended  chan struct{} // Serve has returned
	gone   chan struct{} // the test wants no more
	once   sync.Once
}

var lastID atomic.Uint64

func newID() protocol.ID { return protocol.NumberID(lastID.Add(1)) }

// connect opens a connection. It takes nothing from it while the test asks for
// nothing: a peer left alone is a slow one.
func (b *broker) connect() *peer {
	b.t.Helper()
	return b.connectOver(func(l protocol.Link) protocol.Link { return l })
}

// connectOver opens a connection whose end at the broker is wrapped.
func (b *broker) connectOver(wrap func(protocol.Link) protocol.Link) *peer {
	b.t.Helper()
	near, far := protocol.Pipe()
	p := &peer{t: b.t, link: near, in: make(chan *protocol.Message), ended: make(chan struct{}), gone: make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = b.Serve(wrap(far))
	}()
	go func() {
		defer close(p.in)
		for {
			m, err := near.Receive()
			if err != nil {
				return
			}
			select {
			case p.in <- m:
			case <-p.gone:
				return
			}
		}
	}()
	b.t.Cleanup(p.close)
	return p
}

// login connects under a name.
func (b *broker) login(name string) *peer {
	b.t.Helper()
	p := b.connect()
	if st := p.identify(name); st != protocol.StatusOK {
		b.t.Fatalf("login of %s: %v", name, st)
	}
	return p
}

func (p *peer) identify(name string) protocol.Status {
	p.t.Helper()
	return p.ask(&protocol.Message{Type: protocol.Identity, Topic: name}).Status
}

func (p *peer) close() {
	p.once.Do(func() { close(p.gone) })
	_ = p.link.Close(nil)
	<-p.ended
}

func (p *peer) send(ms ...*protocol.Message) {
	p.t.Helper()
	if err := p.link.Send(ms); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

// next returns the next message that is no answer, first those put aside.
func (p *peer) next() *protocol.Message {
	p.t.Helper()
	if len(p.queued) > 0 {
		m := p.queued[0]
		p.queued = p.queued[1:]
		return m
	}
	return p.receive()
}

func (p *peer) receive() *protocol.Message {
	p.t.Helper()
	select {
	case m, ok := <-p.in:
		if !ok {
			p.t.Fatal("the connection ended")
		}
		return m
	case <-time.After(patience):
		p.t.Fatal("nothing received")
		return nil
	}
}

// ask sends a request and returns its answer, putting aside what comes before.
func (p *peer) ask(m *protocol.Message) *protocol.Message {
	p.t.Helper()
	if m.ID.IsZero() {
		m.ID = newID()
	}
	p.send(m)
	return p.answer(m.ID)
}

func (p *peer) answer(id protocol.ID) *protocol.Message {
	p.t.Helper()
	for {
		r := p.receive()
		if r.ID == id && (r.Type == protocol.Response || r.Type == protocol.Ack || r.Type == protocol.Ack2) {
			return r
		}
		p.queued = append(p.queued, r)
	}
}

func value(t *testing.T, v any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func args(t *testing.T, v ...any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeArgs(v...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// admin sends an admin command that must succeed.
func (p *peer) admin(topic string, data map[string]any) {
	p.t.Helper()
	if r := p.tryAdmin(topic, data); r.Status != protocol.StatusOK {
		p.t.Fatalf("%s %v: %v %s", topic, data, r.Status, text(r))
	}
}

func (p *peer) tryAdmin(topic string, data any) *protocol.Message {
	p.t.Helper()
	return p.ask(&protocol.Message{Type: protocol.Admin, Topic: topic, Data: value(p.t, data)})
}

func (p *peer) subscribe(pattern string) { p.subscribeFrom(pattern, 0.0) }

func (p *peer) subscribeFrom(pattern string, from any) {
	p.t.Helper()
	p.admin(pattern, map[string]any{"cmd": "subscribe", "msg_from": from})
}

func (p *peer) reactive(on bool) {
	p.t.Helper()
	p.admin("__config__", map[string]any{"cmd": "reactive", "status": on})
}

func (p *peer) expose(method string) {
	p.t.Helper()
	p.admin(method, map[string]any{"cmd": "expose"})
}

var all = math.Inf(1)

// publish sends a message and, for QoS1/2, waits for its ACK.
func (p *peer) publish(q protocol.QoS, topic string, v ...any) {
	p.t.Helper()
	m := &protocol.Message{Type: protocol.Pub, QoS: q, Topic: topic, Data: args(p.t, v...)}
	if q == protocol.QoS0 {
		p.send(m)
		return
	}
	m.ID = newID()
	if r := p.ask(m); r.Type != protocol.Ack {
		p.t.Fatalf("publish: %v %s", r.Status, text(r))
	}
	if q == protocol.QoS2 {
		p.send(protocol.NewAck2(m.ID))
	}
}

// sync waits until the broker has handled everything sent before, and what was
// queued for the peer then has arrived: an answer overtakes deliveries, but not
// those of the batch before it.
func (p *peer) sync() {
	p.t.Helper()
	p.call("rid")
	p.call("rid")
}

func (p *peer) call(method string, v ...any) *protocol.Message {
	p.t.Helper()
	return p.ask(&protocol.Message{Type: protocol.RPC, Topic: method, Data: args(p.t, v...)})
}

// show prints a delivery as "topic arg arg…" without its id.
func show(m *protocol.Message) string {
	var v []any
	if err := m.Data.Decode(&v); err != nil {
		return fmt.Sprintf("%s ?%v", m.Topic, err)
	}
	s := m.Topic
	for _, a := range v {
		s += fmt.Sprint(" ", a)
	}
	return s
}

// want receives deliveries and compares them, acking those with an id.
func (p *peer) want(lines ...string) {
	p.t.Helper()
	for _, line := range lines {
		m := p.next()
		if got := show(m); m.Type != protocol.Pub || got != line {
			p.t.Fatalf("got type %d %q, want %q", m.Type, got, line)
		}
		if m.QoS != protocol.QoS0 {
			p.send(protocol.NewAck(m.ID))
			if m.QoS == protocol.QoS2 {
				if r := p.answer(m.ID); r.Type != protocol.Ack2 {
					p.t.Fatalf("got type %d for an ACK of QoS2", r.Type)
				}
			}
		}
	}
}

// quiet says that nothing was delivered up to now.
func (p *peer) quiet() {
	p.t.Helper()
	p.sync()
	if len(p.queued) > 0 {
		p.t.Fatalf("unexpected: type %d %s", p.queued[0].Type, show(p.queued[0]))
	}
}

func text(m *protocol.Message) string {
	var s string
	_ = m.Data.Decode(&s)
	return s
}
