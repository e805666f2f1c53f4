package component

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// parkFor is how long a delivery waits for a Subscribe to its topic. A named
// component that starts again gets messages of its earlier subscriptions as soon
// as it has logged in, before the program came to subscribe.
const parkFor = 5 * time.Second

// parking holds deliveries without a handler. Only the dispatching goroutine
// touches it.
type parking struct {
	byTopic map[string]*parked
	bytes   int
	timed   bool // an expire is on its way
	last    found
}

// found is the subscription that was looked up last: many messages in a row have
// the same topic.
type found struct {
	topic   string
	sub     *Subscription
	changes uint64 // of the subscriptions, before it was looked up
}

func (f *found) find(c *Component, topic string) *Subscription {
	changes := c.changes.Load()
	if f.sub == nil || f.changes != changes || f.topic != topic {
		*f = found{topic, c.subscription(topic), changes}
	}
	return f.sub
}

type parked struct {
	since   time.Time
	waiting []event
}

// dispatch runs the handlers of subscriptions, one after the other in the order
// of arrival, until the component has ended.
func (c *Component) dispatch() {
	defer close(c.idle)
	park := parking{byTopic: make(map[string]*parked)}
	var taken *chunk
	for {
		var lossy bool
		if taken, lossy = c.in.take(taken); taken == nil {
			return
		}
		if lossy {
			c.report(fmt.Errorf("%w: %d so far", ErrSlow, c.in.dropped.Load()))
		}
		for _, e := range taken.events[:taken.n] {
			if c.in.stopped.Load() {
				return
			}
			switch {
			case e.msg != nil:
				c.deliver(&park, e)
			case e.do == nil:
			case e.do.call != nil:
				c.guard(e.do.call)
			case e.do.expire:
				c.expire(&park)
			default:
				c.unpark(&park, e.do.topic)
			}
		}
	}
}

// deliver gives a message to its handler, after what waited for the same one.
func (c *Component) deliver(park *parking, e event) {
	sub := park.last.find(c, e.msg.Topic)
	if sub == nil {
		c.park(park, e)
		return
	}
	if len(park.byTopic) > 0 {
		c.unpark(park, e.msg.Topic)
	}
	c.handle(sub, e)
}

func (c *Component) handle(sub *Subscription, e event) {
	if !sub.closed.Load() {
		msg := c.delivered.make(e.msg, sub.space)
		if _, err := sub.handler.run(c.ctx, msg); err != nil {
			c.report(&HandlerError{Topic: msg.Topic(), Err: err})
		}
	}
	c.acknowledge(e)
}

// acknowledge comes after the handler: a crash before it brings the message
// again. The ACK belongs to the connection that the message came on; on a later
// one the broker could take it for that of a repeat, and send the message again.
func (c *Component) acknowledge(e event) {
	if e.msg.QoS != protocol.QoS0 {
		acked := e.from.ctx.Err() == nil
		c.in.done(e.msg, acked)
		if acked {
			c.out.answer(protocol.NewAck(e.msg.ID), e.from)
		}
	}
}

// park keeps a delivery for a handler to come. Beyond the inbox's bound it is
// discarded.
func (c *Component) park(park *parking, e event) {
	m := e.msg
	if park.bytes > 0 && park.bytes+m.Size() > c.in.limit {
		c.discard(e)
		return
	}
	p := park.byTopic[m.Topic]
	if p == nil {
		p = &parked{since: time.Now()}
		park.byTopic[m.Topic] = p
	}
	p.waiting = append(p.waiting, e)
	park.bytes += m.Size()
	c.scheduleExpire(park)
}

func (c *Component) scheduleExpire(park *parking) {
	if !park.timed {
		park.timed = true
		time.AfterFunc(parkFor, func() { c.in.put(chore{expire: true}) })
	}
}

// unpark handles what waited for a handler of topic.
func (c *Component) unpark(park *parking, topic string) {
	sub, p := c.subscription(topic), park.byTopic[topic]
	if sub == nil || p == nil {
		return
	}
	delete(park.byTopic, topic)
	for _, e := range p.waiting {
		park.bytes -= e.msg.Size()
		if c.in.stopped.Load() {
			return
		}
		c.handle(sub, e)
	}
}

// expire discards what nobody subscribed to in time. QoS1/2 is acknowledged with
// it, lest a subscription that the program has given up fills the broker's window.
func (c *Component) expire(park *parking) {
	park.timed = false
	for topic, p := range park.byTopic {
		if time.Since(p.since) < parkFor {
			c.scheduleExpire(park)
			continue
		}
		delete(park.byTopic, topic)
		for _, e := range p.waiting {
			park.bytes -= e.msg.Size()
			c.discard(e)
		}
	}
}

// guard keeps a panic of one of the user's callbacks from ending the program.
func (c *Component) guard(fn func()) {
	defer func() {
		if p := recover(); p != nil {
			c.report(&panicError{value: p, stack: debug.Stack()})
		}
	}()
	fn()
}

func (c *Component) discard(e event) {
	c.in.unhandled.Add(1)
	c.report(fmt.Errorf("%w: topic %q", ErrNoHandler, e.msg.Topic))
	c.acknowledge(e)
}
