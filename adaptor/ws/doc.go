// Package ws carries the Rembus protocol over WebSocket: a listener for the
// broker and a dialer for components, both handing out [protocol.Link]. CBOR
// travels in binary frames, JSON in text frames; which one is said by each
// frame.
//
// # Batches
//
// A dialer that speaks CBOR offers [Subprotocol], and a listener accepts it: then
// a binary message of the WebSocket holds many messages, which is what makes small
// ones cheap. Who offers nothing sends and gets one message a frame.
//
// # Promises
//
//   - What is given to one Send goes out behind one flush, also under TLS.
//   - Pings are answered while a large message is on its way: messages above
//     64 KiB are sent in fragments, between which a pong finds its place.
//   - Memory grows with the bytes that arrived, never with what a peer
//     declares, and ends at the message limit: 1009. There is no compression,
//     so nothing can inflate.
//   - A peer that is silent for 1.5 ping intervals, or takes nothing for the
//     write timeout, is gone. Whatever comes from it is a sign of life, and a
//     receiver of ours that is busy is not held against the peer. Nor is it that
//     its program is slow in reading what was sent before a ping, for up to ten
//     intervals while its system takes what is sent (known on Linux).
//   - A connection that has not finished its upgrade within the handshake
//     timeout, TLS included, is closed.
//
// # Who writes
//
// All that is written, data and control frames alike, is collected in a
// socket's queue, which takes no IO and so never blocks. Send puts its data
// frames there itself and flushes when the batch is complete. Control frames
// come from the WebSocket library; outside of a batch they start a flush of
// their own. One flush is under way at a time, and what is queued meanwhile
// goes out with it.
//
// # Who reads
//
// Frames that are whole messages are taken out of what arrives before the WebSocket
// library, which gets all others, one frame at a time: control frames, fragments and
// what breaks the protocol. Under TLS it gets everything.
//
// # How it ends
//
// Close makes reads fail, queues the close frame, and closes the socket, whose
// last flush takes the frame along. If a flush is stuck at a peer that takes
// nothing, the connection is cut after 250 ms. A violation of the protocol
// that Receive finds is answered by a close frame with status and text; then
// Receive reads on for up to 250 ms, so that the peer gets to see it. The close frame of a
// peer is answered when Receive has told of it and Close was called.
package ws
