package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/rembus-go/rembus/component"
)

// dialError says that there is no connection to the broker.
type dialError struct {
	url *url.URL
	err error
}

func (e *dialError) Error() string {
	var refusal *component.Error
	var op *net.OpError
	switch {
	case errors.As(e.err, &refusal):
		return fmt.Sprintf("the broker at %s refused the login; is the name in use? (%s)", e.url.Redacted(), plain(e.err.Error()))
	case errors.As(e.err, &op) && op.Op == "dial":
		return fmt.Sprintf("cannot connect to %s: %v\nis rembusd running? start it with: rembusd\nor say where it is with --url or REMBUS_BASE_URL",
			e.url.Redacted(), op.Err)
	}
	return plain(e.err.Error())
}

func (e *dialError) Unwrap() error { return e.err }

// callError says that a call failed, and what to do.
type callError struct {
	method string
	hint   string // for a method that nobody exposes
	err    error
}

func (e *callError) Error() string {
	text := plain(e.err.Error())
	switch {
	case errors.Is(e.err, component.ErrNotFound):
		return text + "\n" + e.hint
	case errors.Is(e.err, component.ErrUnavailable):
		return text + "\nwho exposes it is not connected at the moment"
	case errors.Is(e.err, component.ErrTargetNotFound):
		return text + "\nno component of that name ever connected to this broker"
	case errors.Is(e.err, component.ErrTimeout):
		return fmt.Sprintf("%s: %s; --timeout gives it more time", e.method, text)
	case errors.Is(e.err, component.ErrConnectionLost):
		return fmt.Sprintf("%s: %s; whether it was carried out is unknown", e.method, text)
	}
	return text
}

func (e *callError) Unwrap() error { return e.err }

// explain returns the text of err as it may go to a terminal: much of it comes
// from the network.
func explain(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	return lines(plain(err.Error()))
}

// plain drops the name that the library puts in front of its errors: the
// program's own is there already.
func plain(text string) string { return strings.TrimPrefix(text, "rembus: ") }
