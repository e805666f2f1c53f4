package component

import (
	"context"
	"errors"
	"fmt"

	"github.com/rembus-go/rembus/protocol"
)

// Error is a refusal by the broker or by the component at the other end: its
// status and a text for people. A handler that returns one chooses the status
// that the caller sees.
type Error = protocol.Error

// What a refusal means, for errors.Is. The text of the other end is in the
// [*Error] that errors.As finds.
var (
	ErrFailed         = protocol.ErrFailed         // refused without a closer reason, such as a name in use
	ErrIdentification = protocol.ErrIdentification // the login was refused
	ErrException      = protocol.ErrException      // the method failed
	ErrArguments      = protocol.ErrArguments      // the method cannot take these arguments
	ErrNotFound       = protocol.ErrNotFound       // nobody exposes the method
	ErrUnavailable    = protocol.ErrUnavailable    // the method is known, but nobody who serves it is connected
	ErrLoopback       = protocol.ErrLoopback       // only the caller itself exposes the method
	ErrTargetNotFound = protocol.ErrTargetNotFound // Direct to a component that the broker does not know
	ErrTargetDown     = protocol.ErrTargetDown     // Direct to a component that is not connected
	ErrUnknownCommand = protocol.ErrUnknownCommand // the broker does not know an admin command
	ErrNameTaken      = protocol.ErrNameTaken      // another component registered the name
)

// What goes wrong on this side, for errors.Is.
var (
	// ErrClosed: the component was closed.
	ErrClosed = errors.New("rembus: component closed")
	// ErrConnectionLost: the connection ended while a request was under way; whether
	// it was served is unknown.
	ErrConnectionLost = errors.New("rembus: connection lost")
	// ErrTimeout: no answer came in time. A deadline of the caller's context is
	// found by context.DeadlineExceeded too.
	ErrTimeout = errors.New("rembus: timeout")
	// ErrFull: as many messages wait as the options allow; see [WithFailWhenFull].
	ErrFull = errors.New("rembus: too many messages wait to be sent")
	// ErrTooLarge: the message is larger than [protocol.Limits] allow.
	ErrTooLarge = errors.New("rembus: message too large")
	// ErrSubscribed: the component has a subscription to this topic already.
	ErrSubscribed = errors.New("rembus: already subscribed")
	// ErrExposed: the component exposes a method of this name already.
	ErrExposed = errors.New("rembus: already exposed")
	// ErrHandler: the function cannot serve as a handler.
	ErrHandler = errors.New("rembus: unusable handler")
	// ErrAnonymous: a component without a name cannot do this.
	ErrAnonymous = errors.New("rembus: the component has no name")
	// ErrLoginRequired: the broker demands a login with a key, which this
	// version of the package does not have.
	ErrLoginRequired = errors.New("rembus: the broker demands a login, which this client does not support")
	// ErrSlow: the handlers were so slow that QoS0 deliveries were dropped.
	ErrSlow = errors.New("rembus: deliveries dropped, handlers are too slow")
	// ErrNoHandler: a delivery of an old subscription was discarded, since
	// nobody subscribed to its topic again.
	ErrNoHandler = errors.New("rembus: delivery without a handler")
)

// HandlerError reports, through [OnError], that a handler failed.
type HandlerError struct {
	Topic string // the real topic, or the method
	Err   error
}

func (e *HandlerError) Error() string {
	return fmt.Sprintf("rembus: handler of %q: %v", e.Topic, e.Err)
}

func (e *HandlerError) Unwrap() error { return e.Err }

// ended turns the end of a context into the error to return: a deadline is a
// timeout, whoever set it.
func ended(ctx context.Context) error {
	err := context.Cause(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}

// failed returns the error of an answer, nil if it is a good one.
func failed(m *protocol.Message) error {
	if m.Status == protocol.StatusOK {
		return nil
	}
	e := &protocol.Error{Status: m.Status}
	if !m.Data.IsNull() {
		if m.Data.Decode(&e.Text) != nil {
			e.Text = "" // data of a refusal is a text or null; the status says enough
		}
	}
	return e
}
