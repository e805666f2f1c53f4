// Package protocol is the leaf.
package protocol

// Message is what travels.
type Message struct{}
