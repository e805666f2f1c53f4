// Package lake stores.
package lake

import "example.com/sound/protocol"

// The states of a lake.
const (
	Open = iota
	Failed
)

// Store stores m.
func Store(m *protocol.Message) int { return Open }
