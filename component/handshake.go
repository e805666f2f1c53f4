package component

import (
	"context"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// connect makes a connection, logs in, and sends again what the component
// subscribes and exposes.
func (c *Component) connect(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.dial)
	defer cancel()
	link, err := c.dial(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ended(ctx)
		}
		return nil, fmt.Errorf("rembus: failed to connect: %w", err)
	}
	s := c.open(link)
	stop := context.AfterFunc(ctx, func() { s.fail(ended(ctx)) })
	defer stop()
	if err = c.login(ctx, s); err == nil {
		err = c.restore(ctx, s)
	}
	if err != nil {
		s.fail(err)
		<-s.ended
		c.out.stop()
		return nil, err
	}
	return s, nil
}

// login tells the broker the component's name. A component without one sends
// nothing and is anonymous.
func (c *Component) login(ctx context.Context, s *session) error {
	if c.name == "" {
		return nil
	}
	answers, err := s.ask(ctx, []*protocol.Message{{Type: protocol.Identity, Topic: c.name}})
	if err != nil {
		return fmt.Errorf("rembus: failed to log in as %q: %w", c.name, err)
	}
	if answers[0].Status == protocol.StatusChallenge {
		return ErrLoginRequired
	}
	if err := failed(answers[0]); err != nil {
		return fmt.Errorf("rembus: failed to log in as %q: %w", c.name, err)
	}
	return nil
}

// restore sends the subscriptions, exposures and the reactive state of earlier
// connections, all at once. A broker that kept them for the name does not mind. What the
// broker refuses now is reported, and tried again at the next connection.
func (c *Component) restore(ctx context.Context, s *session) error {
	batch, err := c.standing()
	if err != nil || len(batch) == 0 {
		return err
	}
	answers, err := s.ask(ctx, batch)
	if err != nil {
		return fmt.Errorf("rembus: failed to restore subscriptions: %w", err)
	}
	for i, a := range answers {
		if err := failed(a); err != nil {
			c.report(fmt.Errorf("rembus: failed to restore %q: %w", batch[i].Topic, err))
		}
	}
	return nil
}

// standing returns the admin commands that make a new connection what the last
// one was.
func (c *Component) standing() ([]*protocol.Message, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var batch []*protocol.Message
	var failure error
	add := func(topic string, command map[string]any) {
		data, err := protocol.EncodeValue(command)
		if err != nil {
			failure = err
		}
		batch = append(batch, &protocol.Message{Type: protocol.Admin, Topic: topic, Data: data})
	}
	for name := range c.methods {
		add(name, exposeCommand())
	}
	for topic, sub := range c.subs {
		from := sub.from
		if c.name == "" {
			// A new anonymous twin has received nothing yet: ask for the gap only.
			from = min(from, time.Since(c.downAt))
		}
		if !sub.closed.Load() {
			add(topic, subscribeCommand(from))
		}
	}
	if c.reactive == reactiveOn {
		add(configTopic, reactiveCommand(true))
	}
	return batch, failure
}

// ask sends requests on a connection whose writer does not run yet, and waits
// for all answers.
func (s *session) ask(ctx context.Context, batch []*protocol.Message) ([]*protocol.Message, error) {
	waiting := make([]*request, len(batch))
	ids := make([]uint64, len(batch))
	for i, m := range batch {
		ids[i] = s.c.nextRequest()
		m.ID = protocol.NumberID(ids[i])
		r, err := s.await(ids[i])
		if err != nil {
			<-s.ended
			return nil, s.err
		}
		waiting[i] = r
	}
	if err := s.link.Send(batch); err != nil {
		return nil, lost(err)
	}
	answers := make([]*protocol.Message, len(batch))
	for i, r := range waiting {
		m, err := s.result(ctx, ids[i], r, nil)
		if err != nil {
			if ctx.Err() == nil {
				<-s.ended
				err = s.err
			}
			return nil, err
		}
		answers[i] = m
	}
	return answers, nil
}
