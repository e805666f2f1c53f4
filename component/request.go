package component

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// RPC calls the method that some component exposes, or the broker has, and
// waits for its result until ctx ends; without a deadline in ctx at most for the
// time of [WithRequestTimeout].
//
// The error is an [*Error] when the other end refused, see the sentinels above;
// [ErrTimeout] when nobody answered in time; [ErrConnectionLost] when the
// connection ended meanwhile. While the component reconnects, RPC waits.
func (c *Component) RPC(ctx context.Context, method string, args ...any) (Value, error) {
	return c.call(ctx, method, "", args)
}

// Direct calls the method of the component target, whoever else exposes it.
// JSON carries no target: with [WithJSON] the broker splits target and method
// as it can.
func (c *Component) Direct(ctx context.Context, target, method string, args ...any) (Value, error) {
	if err := protocol.CheckName(target, c.opts.limits); err != nil {
		return Value{}, err
	}
	return c.call(ctx, method, target, args)
}

// Call calls a method as [Component.RPC] does and decodes the result into a T.
func Call[T any](ctx context.Context, c *Component, method string, args ...any) (T, error) {
	var result T
	v, err := c.RPC(ctx, method, args...)
	if err == nil {
		err = v.Decode(&result)
	}
	return result, err
}

func (c *Component) call(ctx context.Context, method, target string, args []any) (Value, error) {
	if err := protocol.CheckTopic(method, c.opts.limits); err != nil {
		return Value{}, err
	}
	call, err := c.message(protocol.RPC, method, args)
	if err != nil {
		return Value{}, err
	}
	call.Target = target
	m, err := c.request(ctx, call)
	if err != nil {
		return Value{}, err
	}
	return Value{data: m.Data}, failed(m)
}

// message returns a message with the arguments as its data, within the limits.
func (c *Component) message(t protocol.Type, topic string, args []any) (*protocol.Message, error) {
	m, err := protocol.NewMessage(t, topic, args...)
	if err != nil {
		return nil, err
	}
	if c.opts.encoding == protocol.JSON {
		if _, err := m.Data.JSON(); err != nil { // kept for the writer
			return nil, err
		}
	}
	return m, c.fits(m.Data)
}

// fits leaves a margin for the envelope around the data.
func (c *Component) fits(data *protocol.Payload) error {
	if max := c.opts.limits.MaxMessage - c.opts.limits.MaxTopic - 256; data.Size() > max {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, data.Size(), max)
	}
	return nil
}

// newTimer makes a timer that bounds requests whose context has no deadline.
func newTimer() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// request sends m under a new id and returns its answer, good or bad. It waits
// for a connection first, if there is none.
func (c *Component) request(ctx context.Context, m *protocol.Message) (*protocol.Message, error) {
	var expired <-chan time.Time
	if _, bounded := ctx.Deadline(); !bounded {
		t := c.timers.Get().(*time.Timer)
		t.Reset(c.opts.request)
		defer func() { t.Stop(); c.timers.Put(t) }()
		expired = t.C
	}
	s, err := c.connected(ctx, expired)
	if err != nil {
		return nil, err
	}
	return c.requestOn(ctx, s, m, expired)
}

func (c *Component) requestOn(ctx context.Context, s *session, m *protocol.Message, expired <-chan time.Time) (*protocol.Message, error) {
	id := c.nextRequest()
	m.ID = protocol.NumberID(id)
	r, err := s.await(id)
	if err != nil {
		return nil, err
	}
	if err := c.out.push(ctx, m, s); err != nil {
		s.giveUp(id, r)
		return nil, err
	}
	return s.result(ctx, id, r, expired)
}

// nextRequest returns an id that is not in use: a counter from a random start,
// never zero, below 2^53 for the sake of JSON.
func (c *Component) nextRequest() uint64 {
	for {
		if id := c.ids.Add(1) & (1<<53 - 1); id != 0 {
			return id
		}
	}
}

// admin sends an admin command and waits until the broker agreed. The command
// is one that may be repeated, so a lost connection only means to try again.
func (c *Component) admin(ctx context.Context, topic string, command map[string]any) error {
	data, err := protocol.EncodeValue(command)
	if err != nil {
		return err
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.opts.request)
		defer cancel()
	}
	for {
		m, err := c.request(ctx, &protocol.Message{Type: protocol.Admin, Topic: topic, Data: data})
		if err == nil {
			return failed(m)
		}
		if !errors.Is(err, ErrConnectionLost) || c.over() {
			return err
		}
	}
}
