package server_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// modelClient is a component that outlives its connections: what it remembers of
// QoS2 ids stays, as in a process that reconnects. It keeps its side of every
// exchange, at whatever time the test lets it.
type modelClient struct {
	name string // "" for an anonymous publisher

	mu         sync.Mutex // protects following
	changed    sync.Cond
	conn       *modelConn // nil while away
	stalled    bool       // takes nothing from its connection
	holding    bool       // keeps its ACKs for later
	lateAcks   bool       // sends them in the next connection too
	held       []heldAck
	acked      []heldAck            // ACK sent in this connection, not yet known to have arrived
	settled    map[delivered]bool   // the broker has read the ACK
	seen       map[protocol.ID]bool // QoS2 ids handled, without ACK2
	ids        map[delivered]protocol.ID
	got        []arrival
	wrong      []string
	renumbered map[string]bool // patterns subscribed anew
	forgets    bool            // the broker crashed: its word on what was acked is 100 ms old
}

// delivered names what is delivered to one client: a message by a pattern.
type delivered struct {
	pattern string
	n       int
}

type heldAck struct {
	conn *modelConn
	id   protocol.ID
	what delivered
}

// arrival is a delivery as the handler of the client saw it.
type arrival struct {
	delivered
	m *protocol.Message
}

// modelPatience is how long the model waits for what must come.
const modelPatience = patience

// modelConn is one connection of a client.
type modelConn struct {
	client  *modelClient
	link    protocol.Link
	sending []*protocol.Message // guarded by the client's lock
	answers map[protocol.ID]*protocol.Message
	dead    bool
	ended   sync.WaitGroup
}

func newModelClient(name string) *modelClient {
	c := &modelClient{name: name, settled: map[delivered]bool{}, seen: map[protocol.ID]bool{}, ids: map[delivered]protocol.ID{}, renumbered: map[string]bool{}}
	c.changed.L = &c.mu
	return c
}

// open begins a connection; the caller identifies.
func (c *modelClient) open(serve func(protocol.Link) error) *modelConn {
	near, far := protocol.Pipe()
	conn := &modelConn{client: c, link: near, answers: map[protocol.ID]*protocol.Message{}}
	conn.ended.Go(func() { _ = serve(far) })
	conn.ended.Go(conn.read)
	conn.ended.Go(conn.write)
	return conn
}

func (k *modelConn) read() {
	c := k.client
	for {
		c.mu.Lock()
		for c.stalled && c.conn == k && !k.dead {
			c.changed.Wait()
		}
		c.mu.Unlock()
		m, err := k.link.Receive()
		c.mu.Lock()
		if err != nil {
			k.dead = true
			c.changed.Broadcast()
			c.mu.Unlock()
			return
		}
		if !k.dead { // what a connection held that was given up is lost
			k.take(m)
		}
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

func (k *modelConn) write() {
	c := k.client
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for len(k.sending) == 0 && !k.dead {
			c.changed.Wait()
		}
		if k.dead {
			return
		}
		batch := k.sending
		k.sending = nil
		c.mu.Unlock()
		_ = k.link.Send(batch)
		c.mu.Lock()
	}
}

func (k *modelConn) send(ms ...*protocol.Message) {
	k.sending = append(k.sending, ms...)
	k.client.changed.Broadcast()
}

// take handles one message. The client's lock is held.
func (k *modelConn) take(m *protocol.Message) {
	switch m.Type {
	case protocol.Response, protocol.Ack:
		k.answers[m.ID] = m
	case protocol.Ack2:
		delete(k.client.seen, m.ID)
	case protocol.Pub:
		k.deliver(m)
	}
}

func (k *modelConn) deliver(m *protocol.Message) {
	c := k.client
	n, err := messageNumber(m)
	if err != nil {
		c.wrong = append(c.wrong, err.Error())
		return
	}
	what := delivered{m.Topic, n}
	if m.QoS == protocol.QoS0 {
		c.got = append(c.got, arrival{what, m})
		return
	}
	if id, ok := c.ids[what]; ok && id != m.ID && !c.renumbered[what.pattern] {
		c.wrong = append(c.wrong, fmt.Sprintf("%v came under the ids %v and %v", what, id, m.ID))
	}
	c.ids[what] = m.ID
	if c.settled[what] && !c.forgets {
		c.wrong = append(c.wrong, fmt.Sprintf("%v came again after its ACK", what))
	}
	if m.QoS == protocol.QoS1 || !c.seen[m.ID] {
		c.got = append(c.got, arrival{what, m})
	}
	if m.QoS == protocol.QoS2 {
		c.seen[m.ID] = true
	}
	if c.holding {
		c.held = append(c.held, heldAck{k, m.ID, what})
		return
	}
	c.acked = append(c.acked, heldAck{k, m.ID, what})
	k.send(protocol.NewAck(m.ID))
}

// messageNumber reads the number that every message of the model carries last.
func messageNumber(m *protocol.Message) (int, error) {
	var v []any
	if err := m.Data.Decode(&v); err != nil {
		return 0, err
	}
	if protocol.IsSpace(m.Topic) {
		if len(v) < 1 || fmt.Sprint(v[0]) == "" {
			return 0, fmt.Errorf("no topic in a delivery of %s", m.Topic)
		}
		v = v[1:]
	}
	if len(v) < 1 {
		return 0, fmt.Errorf("no number in a delivery of %s", m.Topic)
	}
	n, ok := v[0].(int64)
	if !ok {
		return 0, fmt.Errorf("number of type %T", v[0])
	}
	return int(n), nil
}

// ask sends requests and waits for their answers; false when the connection ended
// before.
func (k *modelConn) ask(ms ...*protocol.Message) (answers []*protocol.Message, ok bool) {
	c := k.client
	c.mu.Lock()
	defer c.mu.Unlock()
	k.send(ms...)
	for _, m := range ms {
		if m.ID.IsZero() {
			continue
		}
		if !c.waitLocked(func() bool { return k.answers[m.ID] != nil || k.dead }) || k.answers[m.ID] == nil {
			return nil, false
		}
		answers = append(answers, k.answers[m.ID])
		delete(k.answers, m.ID)
	}
	return answers, true
}

// waitLocked waits until cond holds; false when that took too long.
func (c *modelClient) waitLocked(cond func() bool) bool {
	late := false
	timer := time.AfterFunc(modelPatience, func() {
		c.mu.Lock()
		late = true
		c.mu.Unlock()
		c.changed.Broadcast()
	})
	defer timer.Stop()
	for !cond() {
		if late {
			return false
		}
		c.changed.Wait()
	}
	return true
}

// sync waits until the broker has read everything sent before.
func (c *modelClient) sync() bool {
	c.mu.Lock()
	k := c.conn
	acked := slices.Clone(c.acked)
	c.mu.Unlock()
	if _, ok := k.ask(&protocol.Message{Type: protocol.RPC, ID: newID(), Topic: "rid"}); !ok {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range acked {
		c.settled[a.what] = true
	}
	c.acked = slices.DeleteFunc(c.acked, func(a heldAck) bool { return slices.Contains(acked, a) })
	return true
}

// disconnect ends the connection and waits until the broker has noticed.
func (c *modelClient) disconnect() {
	c.mu.Lock()
	k := c.conn
	c.mu.Unlock()
	_ = k.link.Close(nil)
	c.left(k)
}

// left waits for the end of k.
func (c *modelClient) left(k *modelConn) {
	c.mu.Lock()
	k.dead = true
	c.changed.Broadcast()
	c.mu.Unlock()
	k.ended.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == k {
		c.conn = nil
	}
	c.stalled = false
	c.acked = slices.DeleteFunc(c.acked, func(a heldAck) bool { return a.conn == k })
	if !c.lateAcks {
		c.held = slices.DeleteFunc(c.held, func(a heldAck) bool { return a.conn == k })
	}
}

// release sends held ACKs, those at the places that pick names.
func (c *modelClient) release(pick func(n int) int, count int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; count > 0 && len(c.held) > 0; count-- {
		i := pick(len(c.held))
		h := c.held[i]
		c.held = slices.Delete(c.held, i, i+1)
		c.acked = append(c.acked, heldAck{c.conn, h.id, h.what})
		c.conn.send(protocol.NewAck(h.id))
	}
}

func (c *modelClient) set(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
	c.changed.Broadcast()
}
