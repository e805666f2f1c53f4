package server

import (
	"context"

	"github.com/rembus-go/rembus/protocol"
)

// Procedure is a method that the broker itself serves, such as query_T of the
// lake. caller is the name of the calling component, "" when anonymous; args is
// never nil. ctx ends with the request timeout, the caller's connection or the
// broker. An error that is a *protocol.Error is answered as it is, any other
// one as a method exception. Called on a goroutine of its own; must be safe for
// concurrent use.
type Procedure = func(ctx context.Context, caller string, args *protocol.Payload) (*protocol.Payload, error)
