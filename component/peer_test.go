package component_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// script is the far end of a component's connections: a broker that does only
// what the test says, except that it agrees to logins and admin commands.
type script struct {
	t     *testing.T
	peers chan *peer // one for each connection
	agree func(m *protocol.Message) *protocol.Message
}

// peer is one connection, seen from the broker.
type peer struct {
	t    *testing.T
	link protocol.Link
	got  chan *protocol.Message // everything but what was agreed to
	asks chan *protocol.Message // what was agreed to
	done chan struct{}
}

func newScript(t *testing.T) *script {
	return &script{t: t, peers: make(chan *peer, 64), agree: agreed}
}

// agreed answers logins and admin commands with OK.
func agreed(m *protocol.Message) *protocol.Message {
	if m.Type == protocol.Identity || m.Type == protocol.Admin {
		return protocol.NewResponse(m.ID, protocol.StatusOK, nil)
	}
	return nil
}

func (s *script) dial(context.Context) (protocol.Link, error) {
	near, far := protocol.Pipe()
	p := &peer{t: s.t, link: far, done: make(chan struct{}),
		got: make(chan *protocol.Message, 1<<16), asks: make(chan *protocol.Message, 1<<16)}
	s.peers <- p
	go p.run(s.agree)
	return near, nil
}

func (p *peer) run(agree func(*protocol.Message) *protocol.Message) {
	defer close(p.done)
	for {
		m, err := p.link.Receive()
		if err != nil {
			return
		}
		if answer := agree(m); answer != nil {
			p.asks <- m
			_ = p.link.Send([]*protocol.Message{answer}) // a lost connection is the test's wish
			continue
		}
		p.got <- m
	}
}

func (p *peer) send(batch ...*protocol.Message) {
	p.t.Helper()
	if err := p.link.Send(batch); err != nil {
		p.t.Errorf("peer: %v", err)
	}
}

// next returns the next message of the type, which must be the very next one.
func (p *peer) next(typ protocol.Type) *protocol.Message {
	p.t.Helper()
	m := <-p.got
	if m.Type != typ {
		p.t.Fatalf("got a message of type %d for %q, want type %d", m.Type, m.Topic, typ)
	}
	return m
}

// command returns the next admin command.
func (p *peer) command() (topic string, command map[string]any) {
	p.t.Helper()
	m := <-p.asks
	if m.Type != protocol.Admin {
		p.t.Fatalf("got a message of type %d, want an admin command", m.Type)
	}
	if err := m.Data.Decode(&command); err != nil {
		p.t.Fatal(err)
	}
	return m.Topic, command
}

// attach returns a component over the script, closed at the end of the test.
func (s *script) attach(name string, opts ...component.Option) (*component.Component, *peer) {
	s.t.Helper()
	opts = append([]component.Option{component.WithLogger(quiet)}, opts...)
	c, err := component.Attach(s.t.Context(), s.dial, name, opts...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // what is still in flight does not matter
		_ = c.Close(ctx)
	})
	p := <-s.peers
	if name != "" {
		if m := <-p.asks; m.Type != protocol.Identity || m.Topic != name {
			s.t.Fatalf("first message: type %d for %q, want IDENTITY of %q", m.Type, m.Topic, name)
		}
	}
	return c, p
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func args(t *testing.T, v ...any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeArgs(v...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func value(t *testing.T, v any) *protocol.Payload {
	t.Helper()
	p, err := protocol.EncodeValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// decoded returns the arguments of m.
func decoded(t *testing.T, p *protocol.Payload) []any {
	t.Helper()
	var list []any
	if err := p.Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
