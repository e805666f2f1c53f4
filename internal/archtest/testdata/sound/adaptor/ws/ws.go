// Package ws is a transport.
package ws

import (
	"net/http"

	"example.com/sound/protocol"
)

// Handler receives messages.
func Handler(func(*protocol.Message)) http.Handler { return nil }
