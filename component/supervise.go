package component

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// supervise follows the connections of the component, one after the other and
// beginning with s, until it ends.
func (c *Component) supervise(s *session) {
	for {
		<-s.ended
		if s = c.next(s); s == nil {
			break
		}
		c.installed(s)
		c.reconnects.Add(1)
		c.notices.info("connected again", "component", c.name)
		if c.opts.onUp != nil {
			c.in.do(c.opts.onUp)
		}
	}
	close(c.done)
}

// installed makes s the connection that everybody uses.
func (c *Component) installed(s *session) {
	unacked := c.out.start()
	c.running.Go(func() {
		c.out.write(s, unacked)
		close(s.silent)
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = s
	close(c.up)
	if c.closed { // Close found no connection to end
		s.link.Close(nil)
	}
}

// next returns the connection after a lost one, nil when the component ends.
func (c *Component) next(last *session) *session {
	reason := last.err
	c.out.stop()
	<-last.silent // two writers would break the order
	c.mu.Lock()
	c.session = nil
	c.up = make(chan struct{})
	c.downAt = time.Now()
	closing := c.closed
	c.mu.Unlock()
	close(last.gone)
	if closing {
		c.end(ErrClosed)
		return nil
	}
	c.notices.info("connection lost", "component", c.name, "reason", reason)
	if c.opts.onDown != nil {
		c.in.do(func() { c.opts.onDown(reason) })
	}
	if !c.opts.reconnect {
		c.end(reason)
		return nil
	}
	if c.name == "" {
		c.in.forget() // the next connection is another twin
	}
	s := c.redial()
	if s == nil { // Close was called
		c.end(ErrClosed)
	}
	return s
}

// redial tries until there is a connection again, or nil when Close was called.
// The delays are jittered, so that the components of a broker that came back do not
// all come at once.
func (c *Component) redial() *session {
	for delay := c.opts.minDelay; ; delay = min(2*delay, c.opts.maxDelay) {
		wait := time.NewTimer(delay/2 + rand.N(delay))
		select {
		case <-c.life.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
		s, err := c.connect(c.life)
		if err == nil {
			return s
		}
		if c.life.Err() == nil {
			c.report(fmt.Errorf("rembus: failed to reconnect: %w", err))
		}
	}
}

// end makes every call from now on fail with reason. What was received is
// still handled, unless Close was called.
func (c *Component) end(reason error) {
	c.in.finish()
	unsent := c.out.close(reason)
	c.mu.Lock()
	c.ended, c.unsent = reason, unsent
	close(c.up)
	c.mu.Unlock()
	if unsent > 0 && reason != ErrClosed {
		c.report(fmt.Errorf("%w: %d messages were not sent or not acknowledged", reason, unsent))
	}
}
