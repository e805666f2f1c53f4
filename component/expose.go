package component

import (
	"context"
	"errors"
	"fmt"

	"github.com/rembus-go/rembus/protocol"
)

// method is an exposed function.
type method struct{ handler *handler }

// Expose makes fn callable by other components under the name method: with the
// arguments of the call as its parameters and its result as the answer;
// "Handlers" in the package comment says what fn may be. It returns once the
// broker knows the method. A name has one function: [ErrExposed].
//
// Calls run each on a goroutine of its own, as many at a time as [WithHandlers]
// allows; further ones wait. The context of a call ends with the connection that
// it came on.
func (c *Component) Expose(ctx context.Context, name string, fn any) error {
	if err := protocol.CheckTopic(name, c.opts.limits); err != nil {
		return err
	}
	h, err := bind(fn, true)
	if err != nil {
		return err
	}
	m := &method{handler: h}
	c.mu.Lock()
	if c.methods[name] != nil {
		c.mu.Unlock()
		return fmt.Errorf("%w: %s", ErrExposed, name)
	}
	c.methods[name] = m // before the broker can send a call
	c.mu.Unlock()
	if err := c.admin(ctx, name, exposeCommand()); err != nil {
		c.hide(name, m)
		return err
	}
	return nil
}

// Unexpose ends what [Component.Expose] began. Calls that run already are answered.
func (c *Component) Unexpose(ctx context.Context, name string) error {
	if err := c.admin(ctx, name, map[string]any{"cmd": "unexpose"}); err != nil {
		return err
	}
	c.hide(name, c.method(name))
	return nil
}

func exposeCommand() map[string]any { return map[string]any{"cmd": "expose"} }

func (c *Component) method(name string) *method {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.methods[name]
}

func (c *Component) hide(name string, m *method) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.methods[name] == m {
		delete(c.methods, name)
	}
}

// serve answers one call.
func (c *Component) serve(ctx context.Context, m *method, call *protocol.Message) *protocol.Message {
	msg := &Message{}
	msg.set(call, false)
	result, err := m.handler.run(ctx, msg)
	var data *protocol.Payload
	if err == nil {
		if data, err = encodeResult(result); err == nil {
			err = c.fits(data)
		}
	}
	if err == nil {
		return protocol.NewResponse(call.ID, protocol.StatusOK, data)
	}
	c.report(&HandlerError{Topic: call.Topic, Err: err})
	return protocol.NewError(call.ID, refusal(err))
}

func encodeResult(result any) (*protocol.Payload, error) {
	switch v := result.(type) {
	case nil:
		return nil, nil
	case *protocol.Payload:
		return v, nil
	case Value:
		return v.data, nil
	}
	return protocol.EncodeValue(result)
}

// refusal is how the caller learns of err: an [*Error] with its own status, anything
// else as an exception. The text is never empty: clients need one for 40.
func refusal(err error) *protocol.Error {
	var e *protocol.Error
	if errors.As(err, &e) && known(e.Status) {
		return e
	}
	text := err.Error()
	if text == "" {
		text = "failed"
	}
	return &protocol.Error{Status: protocol.StatusMethodException, Text: text}
}

// known keeps a handler from answering with what is no refusal.
func known(s protocol.Status) bool {
	return s != protocol.StatusOK && s != protocol.StatusChallenge
}
