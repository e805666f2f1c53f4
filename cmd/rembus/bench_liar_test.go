package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// liar is a broker with one topic and as many subscribers as connect: it acknowledges
// everything, and delivers what its rule makes of each message.
type liar struct {
	rule func(number uint64, m *protocol.Message) []*protocol.Message

	mu   sync.Mutex // Protects following
	subs []protocol.Link
	next uint64 // id of a delivery
}

func (l *liar) serve(link protocol.Link) {
	for {
		m, err := link.Receive()
		if err != nil {
			return
		}
		var answer *protocol.Message
		switch m.Type {
		case protocol.Identity:
			answer = protocol.NewResponse(m.ID, protocol.StatusOK, nil)
		case protocol.Admin:
			if raw, err := m.Data.JSON(); err == nil && bytes.Contains(raw, []byte(`"subscribe"`)) {
				l.mu.Lock()
				if !slices.Contains(l.subs, link) {
					l.subs = append(l.subs, link)
				}
				l.mu.Unlock()
			}
			answer = protocol.NewResponse(m.ID, protocol.StatusOK, nil)
		case protocol.RPC: // twin_remove
			answer = protocol.NewError(m.ID, protocol.Errorf(protocol.StatusMethodNotFound, "%s", m.Topic))
		case protocol.Pub:
			l.deliver(m)
			if m.QoS > 0 {
				answer = protocol.NewAck(m.ID)
			}
		}
		if answer != nil {
			_ = link.Send([]*protocol.Message{answer}) // a lost connection ends Receive
		}
	}
}

func (l *liar) deliver(m *protocol.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	args, err := m.Data.Args()
	if err != nil {
		return
	}
	s, _ := readStamp(args[0], len(args[0])-2)
	for _, d := range l.rule(s.number, m) {
		copied := protocol.NewPub(d.Topic, d.Data)
		l.next++
		copied.QoS, copied.ID = d.QoS, protocol.NumberID(1<<40|l.next)
		for _, sub := range l.subs {
			_ = sub.Send([]*protocol.Message{copied})
		}
	}
}

// TestBenchFindsOut: a broker that loses, repeats or changes messages does not get
// away with it.
func TestBenchFindsOut(t *testing.T) {
	honest := func(_ uint64, m *protocol.Message) []*protocol.Message { return []*protocol.Message{m} }
	loses := func(n uint64, m *protocol.Message) []*protocol.Message {
		if n == 3 {
			return nil
		}
		return []*protocol.Message{m}
	}
	repeats := func(n uint64, m *protocol.Message) []*protocol.Message {
		if n == 3 {
			return []*protocol.Message{m, m, m}
		}
		return []*protocol.Message{m}
	}
	invents := func(n uint64, m *protocol.Message) []*protocol.Message {
		if n != 3 {
			return []*protocol.Message{m}
		}
		data, err := protocol.EncodeArgs("what nobody sent, though it is rather long")
		if err != nil {
			panic(err)
		}
		ahead := newText(128)
		early, err := protocol.EncodeArgs(ahead.put(stamp{number: 1 << 40})...)
		if err != nil {
			panic(err)
		}
		return []*protocol.Message{protocol.NewPub(m.Topic, data), protocol.NewPub(m.Topic, early), m}
	}
	for name, c := range map[string]struct {
		qos  int
		rule func(uint64, *protocol.Message) []*protocol.Message
		code int
		want report
	}{
		"honest, QoS 0":  {0, honest, exitOK, report{}},
		"honest, QoS 1":  {1, honest, exitOK, report{}},
		"loses QoS 0":    {0, loses, exitOK, report{Lost: 2}},
		"loses QoS 1":    {1, loses, exitFailed, report{Lost: 2}},
		"loses QoS 2":    {2, loses, exitFailed, report{Lost: 2}},
		"repeats QoS 0":  {0, repeats, exitFailed, report{Duplicates: 4}},
		"repeats QoS 1":  {1, repeats, exitOK, report{Duplicates: 4}},
		"repeats QoS 2":  {2, repeats, exitFailed, report{Duplicates: 4}},
		"invents, QoS 0": {0, invents, exitFailed, report{Foreign: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := ws.Listen("127.0.0.1:0", ws.ListenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var serving sync.WaitGroup
			serving.Go(func() { _ = listener.Serve((&liar{rule: c.rule}).serve) })
			defer serving.Wait()
			defer listener.Close(context.Background())

			b := &bench{client: &client{url: "ws://" + listener.Addr().String(), timeout: 30 * time.Second},
				publishers: 1, subscribers: 2, topics: 1, size: 128, qos: c.qos, count: 9, json: true, quiet: 30 * time.Second}
			if c.qos > 0 && c.want.Lost > 0 {
				b.quiet = 5 * time.Second // it has to be waited for
			}
			var out, stderr bytes.Buffer
			err = b.run(t.Context(), &out, newConsole(&stderr))
			var got report
			if e := json.Unmarshal(out.Bytes(), &got); e != nil {
				t.Fatalf("%v, %v: %s%s", err, e, out.String(), stderr.String())
			}
			if (err == nil) != (c.code == exitOK) || got.Lost != c.want.Lost || got.Duplicates != c.want.Duplicates || got.Foreign != c.want.Foreign {
				t.Errorf("%v; lost %d, duplicates %d, foreign %d; want %+v", err, got.Lost, got.Duplicates, got.Foreign, c.want)
			}
			if err != nil && err.Error() != strings.Join(got.Problems, "\n") {
				t.Errorf("the error is %v, the problems %v", err, got.Problems)
			}
			if kept := strings.Contains(stderr.String(), "still knows the components"); kept != (c.qos > 0) {
				t.Errorf("told on stderr: %s", stderr.String())
			}
			if got.Published.Messages != 9 || got.Failed != 0 {
				t.Errorf("published %d, failed %d", got.Published.Messages, got.Failed)
			}
		})
	}
}
