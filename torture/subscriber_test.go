package torture

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// subscriber takes messages until it has the last one of each publisher.
type subscriber struct {
	name   string
	topics []string
	pause  func() time.Duration // for each message; nil: none
	online func() time.Duration // how long a connection lasts; nil: as long as the broker does
	hurry  <-chan struct{}      // closed: neither pause nor leave any more

	missing  map[string]bool // publishers whose last message has not come
	tallies  map[string]*tally
	held     map[protocol.ID]struct{} // QoS2 deliveries that wait for their ACK2
	connects int
	repeats  int // QoS2 deliveries recognized as such
}

// join subscribes, with a short connection.
func (s *subscriber) join(ctx context.Context, b *address, publishers ...string) error {
	s.missing, s.tallies, s.held = map[string]bool{}, map[string]*tally{}, map[protocol.ID]struct{}{}
	for _, name := range publishers {
		s.missing[name], s.tallies[name] = true, &tally{}
	}
	var setup []*protocol.Message
	for _, topic := range s.topics {
		setup = append(setup, admin(topic, map[string]any{"cmd": "subscribe", "msg_from": math.Inf(1)}))
	}
	c, err := connect(ctx, b, s.name, setup, s.handle)
	if err != nil {
		return err
	}
	c.close()
	return nil
}

func admin(topic string, command map[string]any) *protocol.Message {
	data, err := protocol.EncodeValue(command)
	if err != nil {
		panic(err) // texts and numbers
	}
	return &protocol.Message{Type: protocol.Admin, Topic: topic, Data: data}
}

// run returns when nothing is missing.
func (s *subscriber) run(ctx context.Context, b *address) error {
	reactive := []*protocol.Message{admin("__config__", map[string]any{"cmd": "reactive", "status": true})}
	for {
		c, err := connect(ctx, b, s.name, reactive, s.handle)
		if err != nil {
			return err
		}
		s.connects++
		err = s.converse(ctx, c)
		c.close()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if s.online != nil && !s.hurrying() {
			s.idle(ctx, s.online())
		}
	}
}

// converse takes what comes on one connection; nil is the end of all.
func (s *subscriber) converse(ctx context.Context, c *conn) error {
	var leave <-chan time.Time
	if s.online != nil && !s.hurrying() {
		leave = time.After(s.online())
	}
	hurry := s.hurry
	for len(s.missing) > 0 {
		select {
		case m, ok := <-c.in:
			if !ok {
				return errLost
			}
			if err := s.handle(c, m); err != nil {
				return err
			}
			if s.pause != nil && !s.hurrying() {
				s.idle(ctx, s.pause())
			}
		case <-leave:
			return errLost
		case <-hurry:
			hurry, leave = nil, nil
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; no end from %v", s.name, context.Cause(ctx), s.missing)
		}
	}
	return nil
}

func (s *subscriber) hurrying() bool {
	select {
	case <-s.hurry:
		return true
	default:
		return false
	}
}

func (s *subscriber) idle(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.hurry:
	case <-ctx.Done():
	}
}

// handle takes a delivery or an ACK2.
func (s *subscriber) handle(c *conn, m *protocol.Message) error {
	switch m.Type {
	case protocol.Ack2:
		delete(s.held, m.ID)
		return nil
	case protocol.Pub:
	default:
		return fmt.Errorf("%s: unexpected %+v", s.name, m)
	}
	if _, repeat := s.held[m.ID]; repeat && m.QoS == protocol.QoS2 {
		s.repeats++
	} else if err := s.take(m); err != nil {
		return err
	}
	if m.QoS == protocol.QoS0 {
		return nil
	}
	if m.QoS == protocol.QoS2 {
		s.held[m.ID] = struct{}{}
	}
	return c.link.Send([]*protocol.Message{protocol.NewAck(m.ID)})
}

// take counts a message. A space's delivery has the topic before the arguments.
func (s *subscriber) take(m *protocol.Message) error {
	args, err := m.Data.Args()
	if err != nil || len(args) == 0 {
		return fmt.Errorf("%s: %w in %+v", s.name, err, m)
	}
	topic := m.Topic
	if protocol.IsSpace(topic) {
		if err := args[0].Decode(&topic); err != nil {
			return err
		}
	}
	var r reading
	if err := args[len(args)-1].Decode(&r); err != nil {
		return err
	}
	publisher, _, _ := strings.Cut(topic, "/")
	y := s.tallies[publisher]
	if y == nil || r.N == 0 || r.QoS != m.QoS {
		return fmt.Errorf("%s: nobody published %q %+v", s.name, topic, r)
	}
	if y.add(r); y.counts[r.N] > 1 && r.QoS != protocol.QoS1 {
		y.fault("QoS%d message %d came again, under id %v", r.QoS, r.N, m.ID)
	}
	if r.End {
		delete(s.missing, publisher)
	}
	return nil
}
