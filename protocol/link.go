package protocol

import (
	"context"
	"errors"
)

// ErrClosed is returned by the methods of a [Link] that was closed by either
// end, possibly wrapped with the reason.
var ErrClosed = errors.New("rembus: connection closed")

// Link is one connection between a component and a broker, whatever carries
// it. One goroutine may Receive, another one Send; Ping, Close and RemoteAddr
// are safe for concurrent use.
type Link interface {
	// Receive returns the next message. A *BadMessage error says that one
	// message was refused and the link goes on; any other error is final.
	Receive() (*Message, error)

	// Send writes the messages in order behind one flush. The messages may be
	// shared with other links; the slice is the caller's again on return. An
	// *Unsent error says that all but some were sent and the link goes on; any
	// other error is final.
	Send(batch []*Message) error

	// Ping asks the peer for a sign of life and waits for it until ctx ends.
	// Something must be in Receive meanwhile. A transport without pings answers
	// with nil as long as the connection stands.
	Ping(ctx context.Context) error

	// Close ends the link, telling the peer the reason where the transport can
	// (nil: a normal end), and unblocks Receive and Send. Further calls do
	// nothing. It does not wait for the peer.
	Close(reason error) error

	// RemoteAddr names the peer for logs, such as "ws 127.0.0.1:51234".
	RemoteAddr() string
}

// Copier is a Link that writes bytes: when Send has returned, it has no message of
// the batch any more. Over other links messages live on at the other end.
type Copier interface {
	Link
	Copies()
}

// Buffered is a Link that knows when several messages have come at once.
type Buffered interface {
	Link
	// Buffered reports whether Receive returns without waiting. For the goroutine
	// that calls Receive.
	Buffered() bool
}

// Prompt is a Link on which who has few small messages can send them at once,
// without another goroutine.
type Prompt interface {
	Link
	// Idle reports that everything sent was written. What it says is of now: only who
	// alone sends knows that it stays so, but for pings and pongs.
	Idle() bool

	// SendNow is Send for an idle link. It never waits: what the connection does not
	// take at once the link goes on writing.
	SendNow(batch []*Message) error
}

// Unsent tells of messages that cannot be expressed in the encoding of a peer,
// such as a map with two equal keys in JSON. They were left out.
type Unsent struct {
	Messages []*Message
	Err      error // of the first
}

func (e *Unsent) Error() string { return "rembus: message left out: " + e.Err.Error() }

func (e *Unsent) Unwrap() error { return e.Err }

// BadMessage is the refusal of one message on a link that goes on. When ID is
// set the sender waits for an answer and should get one with Err.
type BadMessage struct {
	ID  ID
	Err *Error
}

func (e *BadMessage) Error() string { return e.Err.Error() }

func (e *BadMessage) Unwrap() error { return e.Err }
