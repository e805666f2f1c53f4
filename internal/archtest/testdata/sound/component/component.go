// Package component is the client.
package component

import "example.com/sound/adaptor/ws"

// Dial connects.
func Dial() error {
	ws.Handler(nil)
	return nil
}
