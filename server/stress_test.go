package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// guest is a component of the stress test: it does something, takes what comes,
// answers and acks most of it, and is gone again.
type guest struct {
	link protocol.Link
	rand *rand.Rand
	lazy bool // takes little and acks nothing
}

// visit lives one connection.
func (g *guest) visit(b *broker, steps int) {
	near, far := protocol.Pipe()
	g.link = near
	var group sync.WaitGroup
	group.Go(func() { _ = b.Serve(far) })
	replies := make(chan *protocol.Message, 1<<14)
	group.Go(func() { g.take(replies) })
	group.Go(func() {
		for m := range replies {
			_ = near.Send([]*protocol.Message{m})
		}
	})
	for range steps {
		if near.Send([]*protocol.Message{g.move()}) != nil {
			break
		}
	}
	_ = near.Close(nil)
	group.Wait()
}

// take reads what comes until the end, a lazy guest only the first of it.
func (g *guest) take(replies chan<- *protocol.Message) {
	defer close(replies)
	for n := 0; !g.lazy || n < 20; n++ {
		m, err := g.link.Receive()
		if err != nil {
			return
		}
		var reply *protocol.Message
		switch {
		case g.lazy:
		case m.Type == protocol.RPC:
			reply = protocol.NewResponse(m.ID, protocol.StatusOK, m.Data)
		case m.Type == protocol.Pub && m.QoS != protocol.QoS0:
			reply = protocol.NewAck(m.ID)
		}
		if reply != nil {
			select {
			case replies <- reply:
			default:
			}
		}
	}
}

// move is something that a component may send.
func (g *guest) move() *protocol.Message {
	topic := fmt.Sprintf("t/%d/%d", g.rand.IntN(3), g.rand.IntN(3))
	id := protocol.NumberID(g.rand.Uint64N(64) + 1) // few: they meet each other's
	admin := func(topic string, data map[string]any) *protocol.Message {
		payload, err := protocol.EncodeValue(data)
		if err != nil {
			panic(err)
		}
		return &protocol.Message{Type: protocol.Admin, ID: id, Topic: topic, Data: payload}
	}
	spaces := []string{"t/*/1", "**", "t/**", "t/1/2", topic}
	space := spaces[g.rand.IntN(len(spaces))]
	data, err := protocol.EncodeArgs(g.rand.Uint64(), make([]byte, g.rand.IntN(300)))
	if err != nil {
		panic(err)
	}
	switch g.rand.IntN(16) {
	case 0:
		return &protocol.Message{Type: protocol.Identity, ID: id, Topic: fmt.Sprint("guest ", g.rand.IntN(6))}
	case 1:
		return admin(space, map[string]any{"cmd": "subscribe", "msg_from": []float64{0, 1, 1e18, all}[g.rand.IntN(4)]})
	case 2:
		return admin(space, map[string]any{"cmd": "unsubscribe"})
	case 3:
		return admin("__config__", map[string]any{"cmd": "reactive", "status": g.rand.IntN(4) > 0})
	case 4:
		return admin("m", map[string]any{"cmd": []string{"expose", "unexpose"}[g.rand.IntN(2)]})
	case 5:
		return &protocol.Message{Type: protocol.RPC, ID: id, Topic: []string{"m", "rid", "none"}[g.rand.IntN(3)], Data: data}
	case 6:
		return protocol.NewAck(id)
	case 7:
		return protocol.NewAck2(id)
	case 8:
		return protocol.NewResponse(id, protocol.StatusOK, data)
	}
	q := protocol.QoS(g.rand.IntN(3))
	m := &protocol.Message{Type: protocol.Pub, QoS: q, Topic: topic, Data: data}
	if q != protocol.QoS0 {
		m.ID = id
	}
	return m
}

// TestStress lets many components come and go, take over each other's names and do
// what they like; the race detector and the leak check look on. Then the broker is
// closed under load (faults 15, 17, 22).
func TestStress(t *testing.T) {
	b := newBroker(t, func(o *server.Options) {
		o.OverwriteConnection = true
		o.Outbox, o.Window, o.MaxCalls, o.MaxSubscriptions = 8<<10, 16, 8, 6
	})
	var guests sync.WaitGroup
	seed := rand.Uint64()
	t.Log("seed", seed)
	for n := range uint64(24) {
		guests.Go(func() {
			g := &guest{rand: rand.New(rand.NewPCG(seed, n)), lazy: n%6 == 0}
			for range 25 {
				g.visit(b, 20+g.rand.IntN(60))
			}
		})
	}
	guests.Wait()
	last := b.connect()
	last.publish(protocol.QoS1, "y", 1) // its ACK comes after all that was pending
	last.close()
	const nothing = "0 bytes queued, 0 outboxes, 0 sessions, 0 calls, 0 busy, 0 served, 0 readers, 0 pending"
	if left := b.Leftovers(); left != nothing {
		t.Errorf("when all are gone there are %s", left)
	}
	check := b.connect() // it still serves
	check.subscribe("z")
	b.connect().publish(protocol.QoS2, "z", 1)
	check.want("z 1")

	ended := make(chan struct{})
	var crowd sync.WaitGroup
	for n := range uint64(24) {
		crowd.Go(func() {
			g := &guest{rand: rand.New(rand.NewPCG(seed, 100+n)), lazy: n%6 == 0}
			for {
				select {
				case <-ended:
					return
				default:
					g.visit(b, 40)
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go check.quietly()
	if err := b.Close(ctx); err != nil {
		t.Errorf("close under load: %v", err)
	}
	close(ended)
	crowd.Wait()
	if left := b.Leftovers(); left != nothing {
		t.Errorf("after Close there are %s", left)
	}
}
