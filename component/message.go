package component

import (
	"fmt"

	"github.com/rembus-go/rembus/protocol"
)

// Message is a delivery, or a call of an exposed method, as a handler of the
// form func(*Message) gets it: nothing of it is decoded until asked for. It is
// immutable and may be kept; it keeps some KiB of its neighbours with it, so that who
// wants very many for long decodes them. Its methods are not safe for concurrent use.
type Message struct {
	m     *protocol.Message
	space bool
	topic string // the real one, once it is known

	room [1]protocol.RawValue // of the arguments, when there is one
}

// messages makes messages several at a time, since each alone costs more than it
// weighs. One that is kept keeps its neighbours, little as they are.
type messages struct{ spare []Message }

func (s *messages) make(m *protocol.Message, space bool) *Message {
	if len(s.spare) == 0 {
		s.spare = make([]Message, 8)
	}
	msg := &s.spare[0]
	s.spare = s.spare[1:]
	msg.set(m, space)
	return msg
}

func (m *Message) set(msg *protocol.Message, space bool) {
	m.m, m.space = msg, space
	if !space {
		m.topic = msg.Topic
	}
}

// Topic returns the topic that the message was published to, or the method.
// It is empty when a broker left it out of a space's delivery.
func (m *Message) Topic() string {
	if m.topic == "" {
		if args, err := m.m.Data.Args(); err == nil && len(args) > 0 {
			_ = args[0].Decode(&m.topic) // anything but a text leaves it empty
		}
	}
	return m.topic
}

// Pattern returns what was subscribed to: for a space its pattern, else the
// topic.
func (m *Message) Pattern() string { return m.m.Topic }

// QoS returns the delivery promise of the message.
func (m *Message) QoS() QoS { return m.m.QoS }

// Slot returns the slot that the publisher gave; ok is false if it gave none.
func (m *Message) Slot() (slot uint32, ok bool) { return m.m.Slot, m.m.HasSlot }

// Args returns the arguments as they were published, not decoded.
func (m *Message) Args() ([]protocol.RawValue, error) {
	args, err := m.m.Data.AppendArgs(m.room[:0])
	if err == nil && m.space && len(args) > 0 {
		args = args[1:]
	}
	return args, err
}

// Decode decodes the arguments into pointers, one for each: a nil pointer skips
// its argument. It fails with [ErrArguments] when their number differs.
func (m *Message) Decode(dst ...any) error {
	args, err := m.Args()
	if err != nil {
		return err
	}
	if len(args) != len(dst) {
		return protocol.Errorf(protocol.StatusMethodArgs, "%d arguments, want %d", len(args), len(dst))
	}
	for i, arg := range args {
		if dst[i] == nil {
			continue
		}
		if err := arg.Decode(dst[i]); err != nil {
			return argumentError(i, err)
		}
	}
	return nil
}

// Payload returns the data of the message as it came. For a space it begins with the
// real topic.
func (m *Message) Payload() *protocol.Payload { return m.m.Data }

func argumentError(i int, err error) error {
	return &protocol.Error{Status: protocol.StatusMethodArgs, Text: fmt.Sprintf("argument %d: %v", i+1, err)}
}
