package server_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/rembus-go/rembus/protocol"
)

// pickyLink cannot express what is about "strange".
type pickyLink struct{ protocol.Link }

func (l pickyLink) Send(batch []*protocol.Message) error {
	sent := slices.DeleteFunc(slices.Clone(batch), func(m *protocol.Message) bool { return m.Topic == "strange" })
	if err := l.Link.Send(sent); err != nil || len(sent) == len(batch) {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(batch), func(m *protocol.Message) bool { return m.Topic != "strange" })
	return &protocol.Unsent{Messages: left, Err: errors.New("cannot say that")}
}

// TestWhatAPeerCannotReadIsSettled: it neither blocks the window nor leaves a
// caller waiting.
func TestWhatAPeerCannotReadIsSettled(t *testing.T) {
	b := newBroker(t, smallWindow)
	pub := b.connect()
	sub := b.connectOver(func(l protocol.Link) protocol.Link { return pickyLink{l} })
	sub.identify("picky")
	sub.subscribe("strange")
	sub.subscribe("plain")
	sub.expose("strange")
	for range 20 {
		pub.publish(protocol.QoS1, "strange", 1)
	}
	pub.publish(protocol.QoS1, "plain", 1)
	sub.want("plain 1")
	if r := pub.call("strange"); r.Status != protocol.StatusMethodArgs {
		t.Fatalf("%v %q", r.Status, text(r))
	}
}
