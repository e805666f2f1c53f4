package server_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// serveCall answers the next call that arrives at p.
func (p *peer) serveCall(status protocol.Status, v any) *protocol.Message {
	p.t.Helper()
	m := p.next()
	if m.Type != protocol.RPC || m.Target != "" {
		p.t.Fatalf("got type %d target %q", m.Type, m.Target)
	}
	p.send(protocol.NewResponse(m.ID, status, value(p.t, v)))
	return m
}

// request sends a call without waiting for its answer.
func (p *peer) request(method string, v ...any) protocol.ID {
	id := newID()
	p.send(&protocol.Message{Type: protocol.RPC, ID: id, Topic: method, Data: args(p.t, v...)})
	return id
}

func TestCallReachesExposerUnderAnIDOfOurs(t *testing.T) {
	b := newBroker(t)
	for _, callee := range []*peer{b.connect(), b.login("callee")} {
		caller := b.connect()
		callee.expose("add")
		id := caller.request("add", 1, 2)
		m := callee.serveCall(protocol.StatusOK, 3)
		if n, ok := m.ID.Number(); !ok || n == 0 || n >= 1<<53 {
			t.Fatalf("id %v", m.ID)
		}
		if r := caller.answer(id); r.Status != protocol.StatusOK {
			t.Fatalf("%v", r.Status)
		}
		callee.close()
	}
}

// TestCallStatuses: protocol.md, RPC: 40, 42, 43, 44, 45, 46.
func TestCallStatuses(t *testing.T) {
	b := newBroker(t)
	caller, callee, gone := b.login("caller"), b.login("callee"), b.login("gone")
	callee.expose("fail")
	caller.expose("own")
	gone.expose("away")
	gone.close()
	id := caller.request("fail")
	callee.serveCall(protocol.StatusMethodException, nil)
	if r := caller.answer(id); r.Status != protocol.StatusMethodException || text(r) == "" {
		t.Errorf("exception: %v %q", r.Status, text(r))
	}
	for _, c := range []struct {
		method, target string
		status         protocol.Status
		text           string
	}{
		{"nowhere", "", protocol.StatusMethodNotFound, "nowhere"},
		{"away", "", protocol.StatusMethodUnavailable, "away"},
		{"own", "", protocol.StatusMethodLoopback, "own"},
		{"m", "unheard", protocol.StatusTargetNotFound, "unheard"},
		{"m", "gone", protocol.StatusTargetDown, "gone"},
		{"own", "caller", protocol.StatusMethodLoopback, "own"},
		{"m", "broker", protocol.StatusMethodNotFound, "m"},
	} {
		r := caller.ask(&protocol.Message{Type: protocol.RPC, Topic: c.method, Target: c.target, Data: args(t)})
		if r.Status != c.status || text(r) != c.text {
			t.Errorf("%s at %q: %v %q, want %v %q", c.method, c.target, r.Status, text(r), c.status, c.text)
		}
	}
}

func TestDirectReachesItsTarget(t *testing.T) {
	b := newBroker(t)
	caller, one, two := b.connect(), b.login("one"), b.login("two")
	one.expose("m")
	two.expose("m")
	id := newID()
	caller.send(&protocol.Message{Type: protocol.RPC, ID: id, Topic: "m", Target: "two", Data: args(t)})
	two.serveCall(protocol.StatusOK, "two")
	if r := caller.answer(id); text(r) != "two" {
		t.Fatalf("got %v %q", r.Status, text(r))
	}
}

// TestJSONTargetInTheMethod: protocol.md, JSON, RPC: target/method.
func TestJSONTargetInTheMethod(t *testing.T) {
	b := newBroker(t)
	caller, callee := b.connect(), b.login("site/callee")
	callee.expose("whole/name")
	for method, want := range map[string]string{"site/callee/m": "m", "whole/name": "whole/name"} {
		id := newID()
		caller.send(&protocol.Message{Type: protocol.RPC, ID: id, Topic: method, Data: protocol.NewPayload(protocol.JSON, []byte("[]"))})
		if m := callee.serveCall(protocol.StatusOK, nil); m.Topic != want {
			t.Errorf("%s arrived as %s", method, m.Topic)
		}
		caller.answer(id)
	}
	if r := caller.ask(&protocol.Message{Type: protocol.RPC, Topic: "broker/version", Data: protocol.NewPayload(protocol.JSON, []byte("[]"))}); text(r) != "test" {
		t.Errorf("broker/version: %v %q", r.Status, text(r))
	}
}

func TestPolicies(t *testing.T) {
	for policy, want := range map[server.Policy]string{
		server.FirstUp: "aaaa", server.RoundRobin: "abab", server.LessBusy: "abab",
	} {
		b := newBroker(t, func(o *server.Options) { o.Policy = policy })
		caller, one, two := b.connect(), b.login("a"), b.login("b")
		one.expose("m")
		two.expose("m")
		got := ""
		for range want { // none answers, so that the less busy one alternates
			caller.request("m")
			caller.sync()
			one.sync()
			two.sync()
			switch {
			case len(one.queued) > 0:
				one.queued, got = nil, got+"a"
			case len(two.queued) > 0:
				two.queued, got = nil, got+"b"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", policy, got, want)
		}
	}
}

// TestCalleeDies: fault 22.
func TestCalleeDies(t *testing.T) {
	b := newBroker(t)
	caller, callee := b.connect(), b.login("callee")
	callee.expose("m")
	id := caller.request("m")
	callee.next()
	callee.close()
	if r := caller.answer(id); r.Status != protocol.StatusMethodUnavailable || text(r) != "m" {
		t.Fatalf("got %v %q", r.Status, text(r))
	}
}

func TestCallerDies(t *testing.T) {
	b := newBroker(t)
	caller, callee := b.connect(), b.login("callee")
	callee.expose("m")
	caller.request("m")
	m := callee.next()
	caller.close()
	callee.send(protocol.NewResponse(m.ID, protocol.StatusOK, nil))
	callee.quiet()
}

// TestAnswerToAnothersCall: fault 23.
func TestAnswerToAnothersCall(t *testing.T) {
	b := newBroker(t)
	caller, callee, thief := b.connect(), b.login("callee"), b.connect()
	callee.expose("m")
	id := caller.request("m")
	m := callee.next()
	thief.send(protocol.NewResponse(m.ID, protocol.StatusOK, value(t, "stolen")))
	thief.sync()
	callee.send(protocol.NewResponse(m.ID, protocol.StatusOK, value(t, "right")))
	if r := caller.answer(id); text(r) != "right" {
		t.Fatalf("got %q", text(r))
	}
}

func TestCallWithoutAnswerTimesOut(t *testing.T) {
	b := newBroker(t, func(o *server.Options) { o.RequestTimeout = time.Millisecond })
	caller, callee := b.connect(), b.login("callee")
	callee.expose("m")
	id := caller.request("m")
	m := callee.next()
	if r := caller.answer(id); r.Status != protocol.StatusMethodUnavailable {
		t.Fatalf("got %v", r.Status)
	}
	callee.send(protocol.NewResponse(m.ID, protocol.StatusOK, nil)) // late: dropped
	caller.quiet()
}

func TestUnexpose(t *testing.T) {
	b := newBroker(t)
	caller, callee := b.connect(), b.connect()
	callee.expose("m")
	callee.admin("m", map[string]any{"cmd": "unexpose"})
	callee.admin("never", map[string]any{"cmd": "unexpose"})
	if r := caller.call("m"); r.Status != protocol.StatusMethodNotFound {
		t.Fatalf("got %v", r.Status)
	}
}

// TestBuiltins: protocol.md, RPC, "Built in".
func TestBuiltins(t *testing.T) {
	b := newBroker(t)
	p := b.connect()
	p.expose("version") // the built-in wins
	for method, prefix := range map[string]string{"rid": "broker", "version": "test", "uptime": "up for "} {
		if r := p.call(method); r.Status != protocol.StatusOK || !strings.HasPrefix(text(r), prefix) {
			t.Errorf("%s: %v %q", method, r.Status, text(r))
		}
	}
}

func TestProcedures(t *testing.T) {
	b := newBroker(t)
	b.Provide("who", func(_ context.Context, caller string, args *protocol.Payload) (*protocol.Payload, error) {
		return protocol.EncodeValue(caller)
	})
	b.Provide("fails", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
		return nil, errors.New("broken")
	})
	b.Provide("refuses", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) {
		return nil, protocol.Errorf(protocol.StatusMethodArgs, "two arguments, please")
	})
	b.Provide("panics", func(context.Context, string, *protocol.Payload) (*protocol.Payload, error) { panic("ouch") })
	p := b.login("me")
	for method, want := range map[string]struct {
		status protocol.Status
		text   string
	}{
		"who":     {protocol.StatusOK, "me"},
		"fails":   {protocol.StatusMethodException, "broken"},
		"refuses": {protocol.StatusMethodArgs, "two arguments, please"},
		"panics":  {protocol.StatusMethodException, "ouch"},
	} {
		if r := p.call(method); r.Status != want.status || !strings.Contains(text(r), want.text) {
			t.Errorf("%s: %v %q", method, r.Status, text(r))
		}
	}
}
