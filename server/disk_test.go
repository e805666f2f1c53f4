package server_test

import (
	"sync"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// slowDisk is a log whose disk takes nothing while it is held.
type slowDisk struct {
	*memlog.Log
	mu      sync.Mutex
	changed sync.Cond
	held    bool
	waiting []func() // what would have been told
}

func (d *slowDisk) tell(fn func()) {
	d.mu.Lock()
	if d.held {
		d.waiting = append(d.waiting, fn)
		d.changed.Broadcast()
		d.mu.Unlock()
		return
	}
	d.mu.Unlock()
	fn()
}

func (d *slowDisk) PutState(name string, state []byte, done func(error)) error {
	return d.Log.PutState(name, state, func(err error) {
		d.tell(func() {
			if done != nil {
				done(err)
			}
		})
	})
}

func (d *slowDisk) Notify(fn func(uint64, error)) {
	d.Log.Notify(func(durable uint64, err error) { d.tell(func() { fn(durable, err) }) })
}

func (d *slowDisk) hold() {
	d.mu.Lock()
	d.held = true
	d.mu.Unlock()
}

// await returns when something waits for the disk.
func (d *slowDisk) await() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.waiting) == 0 {
		d.changed.Wait()
	}
}

func (d *slowDisk) release() {
	d.mu.Lock()
	waiting := d.waiting
	d.held, d.waiting = false, nil
	d.mu.Unlock()
	for _, fn := range waiting {
		fn()
	}
}

func onSlowDisk(t *testing.T) (*broker, *slowDisk) {
	d := &slowDisk{}
	d.changed.L = &d.mu
	b := newBroker(t, func(o *server.Options) {
		d.Log = o.Log.(*memlog.Log)
		o.Log = d
	})
	t.Cleanup(d.release) // before the broker closes
	return b, d
}

// TestNothingIsPromisedBeforeItIsOnDisk: a publisher's ACK, the delivery, and the ACK2
// to a subscriber wait for the disk; QoS0 and answers do not.
func TestNothingIsPromisedBeforeItIsOnDisk(t *testing.T) {
	for _, q := range []protocol.QoS{protocol.QoS1, protocol.QoS2} {
		b, disk := onSlowDisk(t)
		pub, sub := b.login("pub"), b.login("sub")
		sub.subscribe("t")
		disk.hold()
		m := &protocol.Message{Type: protocol.Pub, QoS: q, ID: newID(), Topic: "t", Data: args(t, 1)}
		pub.send(m)
		pub.publish(protocol.QoS0, "t", 0)
		pub.quiet() // no ACK
		sub.want("t 0")
		sub.quiet()
		disk.release()
		if ack := pub.next(); ack.Type != protocol.Ack || ack.ID != m.ID {
			t.Fatalf("QoS%d: got %+v, want the ACK", q, ack)
		}
		delivery := sub.next()
		if show(delivery) != "t 1" {
			t.Fatalf("QoS%d: got %s", q, show(delivery))
		}
		if q == protocol.QoS1 {
			continue
		}
		disk.hold()
		sub.send(protocol.NewAck(delivery.ID))
		disk.await()
		sub.quiet() // no ACK2: the ACK is not on disk
		disk.release()
		if ack2 := sub.next(); ack2.Type != protocol.Ack2 || ack2.ID != delivery.ID {
			t.Errorf("got %+v, want the ACK2", ack2)
		}
	}
}

// TestSubscriptionIsOnDiskBeforeItIsAnswered: so are exposed methods.
func TestSubscriptionIsOnDiskBeforeItIsAnswered(t *testing.T) {
	for _, command := range []string{"subscribe", "expose", "unexpose", "unsubscribe"} {
		b, disk := onSlowDisk(t)
		p := b.login("p")
		if command[:2] == "un" {
			p.admin("t", map[string]any{"cmd": command[2:]})
		}
		disk.hold()
		m := &protocol.Message{Type: protocol.Admin, ID: newID(), Topic: "t", Data: value(t, map[string]any{"cmd": command})}
		p.send(m)
		p.quiet()
		disk.release()
		if answer := p.next(); answer.ID != m.ID || answer.Status != protocol.StatusOK {
			t.Errorf("%s: got %+v", command, answer)
		}
	}
}
