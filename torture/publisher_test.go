package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// maxUnacked bounds what a publisher has under way.
const maxUnacked = 500

// publisher publishes numbered messages until it is told to finish.
type publisher struct {
	name     string
	mix      []protocol.QoS // of which each message takes one
	pace     time.Duration  // between bursts
	burst    int            // messages of one, at most
	limit    int            // messages in all; 0: until finish
	finish   <-chan struct{}
	rnd      *rand.Rand
	ledger   ledger
	unacked  []*protocol.Message // in order
	connects int
	resent   int
	ending   bool

	acks, refusals atomic.Int64 // answers so far, for who looks on
}

func acks(p *publisher) int64     { return p.acks.Load() }
func refusals(p *publisher) int64 { return p.refusals.Load() }

// run returns when everything is acked.
func (p *publisher) run(ctx context.Context, b *address) error {
	for {
		c, err := connect(ctx, b, p.name, nil, p.handle)
		if err != nil {
			return fmt.Errorf("%w; %d messages without ACK", err, len(p.unacked))
		}
		p.connects++
		p.resent += len(p.unacked)
		if len(p.unacked) > 0 {
			err = c.link.Send(p.unacked)
		}
		if err == nil {
			err = p.converse(ctx, c)
		}
		c.close()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// converse publishes on one connection; nil is the end of all.
func (p *publisher) converse(ctx context.Context, c *conn) error {
	ticks := time.NewTicker(p.pace)
	defer ticks.Stop()
	finish := p.finish
	for !p.ending || len(p.unacked) > 0 {
		select {
		case m, ok := <-c.in:
			if !ok {
				return errLost
			}
			if err := p.handle(c, m); err != nil {
				return err
			}
		case <-ticks.C:
			if p.ending {
				continue
			}
			if err := c.link.Send(p.next()); err != nil {
				return err
			}
			if p.limit > 0 && len(p.ledger) >= p.limit {
				p.limit, finish = 0, closed
			}
		case <-finish:
			finish, p.ending = nil, true
			if err := c.link.Send([]*protocol.Message{p.message(protocol.QoS1, true)}); err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; %d messages without ACK", p.name, context.Cause(ctx), len(p.unacked))
		}
	}
	return nil
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// next makes a burst.
func (p *publisher) next() (batch []*protocol.Message) {
	for n := 1 + p.rnd.IntN(p.burst); n > 0 && len(p.unacked) < maxUnacked; n-- {
		batch = append(batch, p.message(p.mix[p.rnd.IntN(len(p.mix))], false))
	}
	return batch
}

func (p *publisher) message(qos protocol.QoS, end bool) *protocol.Message {
	p.ledger = append(p.ledger, promise{qos: qos})
	n := p.ledger.end()
	data, err := protocol.EncodeArgs(reading{n, qos, end})
	if err != nil {
		panic(err) // three numbers
	}
	m := protocol.NewPub(p.name+"/reading", data)
	if m.QoS = qos; qos != protocol.QoS0 {
		m.ID = protocol.NumberID(n)
		p.unacked = append(p.unacked, m)
	}
	return m
}

// handle takes an answer.
func (p *publisher) handle(c *conn, m *protocol.Message) error {
	n, ok := m.ID.Number()
	if !ok || n == 0 || n > p.ledger.end() {
		return fmt.Errorf("%s: an answer to nothing: %+v", p.name, m)
	}
	entry := p.ledger.of(n)
	switch {
	case m.Type == protocol.Ack:
		entry.acked = true
		p.acks.Add(1)
		p.settle(m.ID)
		if entry.qos == protocol.QoS2 {
			return c.link.Send([]*protocol.Message{protocol.NewAck2(m.ID)})
		}
	case m.Type == protocol.Response:
		entry.refused = true
		p.refusals.Add(1)
		p.settle(m.ID)
	}
	return nil
}

// settle takes a message out of those that are sent again. It is nearly always
// one of the first.
func (p *publisher) settle(id protocol.ID) {
	for i, m := range p.unacked {
		if m.ID == id {
			p.unacked = append(p.unacked[:i:i], p.unacked[i+1:]...)
			return
		}
	}
}
