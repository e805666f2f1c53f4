// Package protocol is the Rembus protocol: the messages, their CBOR and JSON
// forms, topics and topic spaces, status codes, and the Link that carries
// messages between a component and a broker.
//
// The package is a leaf: it imports nothing else of this module and builds
// without cgo on every platform.
//
// What it promises:
//
//   - Every byte from a peer is hostile. Lengths are checked against the bytes
//     that are there before anything is allocated, nesting is bounded
//     ([Limits]), and a frame that is not well-formed never becomes a Message.
//   - The data of a message is never re-encoded on its way through: a [Payload]
//     keeps the bytes that were received and shares them with every receiver
//     of the same encoding.
//   - A [Message] that was decoded is immutable; it may be shared by any number
//     of goroutines.
package protocol
