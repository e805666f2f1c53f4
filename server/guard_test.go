package server_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
)

// doorman keeps what begins with "private" to members.
type doorman struct {
	mu      sync.Mutex
	members map[string]bool
}

func (d *doorman) may(name, topic string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !strings.HasPrefix(topic, "private") || d.members[name]
}

func (d *doorman) admit(name string, member bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[name] = member
}

func (d *doorman) Publish(name, topic string) bool { return d.may(name, topic) }
func (d *doorman) See(name, topic string) bool     { return d.may(name, topic) }
func (d *doorman) Call(name, method string) bool   { return d.may(name, method) }

func guarded(t *testing.T) (*broker, *doorman) {
	d := &doorman{members: map[string]bool{"member": true}}
	return newBroker(t, func(o *server.Options) { o.Guard = d }), d
}

// TestWildcardsOverPrivateTopics: faults 40 and 41. A space shows what the component
// may see, live and replayed, whatever its pattern.
func TestWildcardsOverPrivateTopics(t *testing.T) {
	b, _ := guarded(t)
	pub := b.login("member")
	for _, q := range []protocol.QoS{0, 1, 2} {
		pub.publish(q, "private/x", "stored")
		pub.publish(q, "public/x", "stored")
	}
	for _, space := range []string{"**", "*", "*/x", "p*/x", "private/*", "private/x"} {
		for _, sub := range []*peer{b.login("other " + space), b.connect()} {
			sub.subscribeFrom(space, all)
			sub.reactive(true)
			sub.sync()
			pub.publish(protocol.QoS0, "private/x", "live")
			pub.publish(protocol.QoS1, "private/x", "live")
			pub.publish(protocol.QoS1, "public/x", "last")
			for last := strings.HasPrefix(space, "private"); !last; {
				line := show(sub.next())
				if strings.Contains(line, "private") {
					t.Fatalf("%s shows %s", space, line)
				}
				last = strings.HasSuffix(line, "last")
			}
			sub.close()
		}
	}
}

// TestPrivatePublishIsRefused: neither acked nor delivered nor stored.
func TestPrivatePublishIsRefused(t *testing.T) {
	b, _ := guarded(t)
	member, other := b.login("member"), b.login("other")
	member.subscribe("**")
	other.publish(protocol.QoS0, "private/x", 1)
	m := &protocol.Message{Type: protocol.Pub, QoS: protocol.QoS2, Topic: "private/x", Data: args(t, 2)}
	if r := other.ask(m); r.Type == protocol.Ack {
		t.Fatal("acked")
	}
	other.publish(protocol.QoS1, "public/x", 3)
	member.want("** public/x 3")
	member.quiet()
	member.subscribeFrom("private/x", all)
	member.reactive(true)
	member.quiet()
	if b.Stats().Refused != 2 {
		t.Errorf("%d refused", b.Stats().Refused)
	}
}

// TestRevokedWhileAway: fault 42. What a component may no longer see is neither
// replayed nor offered again.
func TestRevokedWhileAway(t *testing.T) {
	b, d := guarded(t)
	d.admit("sub", true)
	pub, sub := b.login("member"), b.login("sub")
	sub.subscribeFrom("**", all)
	sub.reactive(true)
	pub.publish(protocol.QoS2, "private/x", "unacked")
	sub.next()
	sub.close()
	pub.publish(protocol.QoS1, "private/x", "missed")
	pub.publish(protocol.QoS1, "public/x", "missed")
	d.admit("sub", false)
	sub = b.login("sub")
	sub.reactive(true)
	sub.want("** public/x missed")
	sub.quiet()
}

// TestPrivateMethodsAreNotFound: a refused call is answered as an unknown one.
func TestPrivateMethodsAreNotFound(t *testing.T) {
	b, _ := guarded(t)
	callee, other := b.login("member"), b.login("other")
	callee.expose("private/m")
	if r := other.call("private/m"); r.Status != protocol.StatusMethodNotFound || text(r) != "private/m" {
		t.Fatalf("%v %q", r.Status, text(r))
	}
}

// TestReservedNamesAreNotSubscribed: fault 41.
func TestReservedNamesAreNotSubscribed(t *testing.T) {
	p := newBroker(t).connect()
	for _, topic := range []string{"__config__", "", "a\nb", strings.Repeat("a/", 64) + "a", strings.Repeat("x", 2000), "x@*"} {
		for _, cmd := range []string{"subscribe", "expose"} {
			if r := p.tryAdmin(topic, map[string]any{"cmd": cmd}); r.Status != protocol.StatusError {
				t.Errorf("%s %.20q: %v", cmd, topic, r.Status)
			}
		}
	}
}
