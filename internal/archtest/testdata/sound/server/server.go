// Package server is the core.
package server

import (
	"sync"

	"example.com/sound/protocol"
)

// Broker routes.
type Broker struct {
	mu   sync.Mutex
	last *protocol.Message
}

// Route keeps m.
func (b *Broker) Route(m *protocol.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = m
}
