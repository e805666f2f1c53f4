// Package server is the broker core: components, what they subscribe to and
// expose, the delivery of messages and calls. It knows no transport, no file and
// no database: connections come as [protocol.Link] to [Server.Serve], messages are
// kept in a [Log], the methods of a lake are [Procedure] values.
//
// # What it promises
//
//   - Nothing of QoS1/2 is acked, delivered, replayed or read by the lake before
//     the log has made it durable. When the log fails, nothing that waits is acked.
//   - The messages of one publisher and one class (class 0 is QoS0, class 1 is
//     QoS1/2) reach each subscriber in the order published, the replayed before the
//     live. Between the classes, and between publishers, there is no order.
//   - A named component gets each QoS1/2 message that its subscriptions ask for, at
//     least once; a QoS2 message exactly once if it keeps its side of the exchange.
//     QoS0 comes at most once. All within what the log keeps.
//   - A QoS2 message that a named publisher repeats under its id is one message,
//     across its connections and crashes of the broker, until ACK2 and 30 s more,
//     for the newest 65,536 ids. Of an anonymous one within its connection.
//   - Memory for each component is bounded whatever its backlog, and one that is
//     slow or dead delays no other.
//   - Components of different tenants ([protocol.Tenant]) see nothing of each other.
//     What a component may see is asked of the [Guard] with the real topic, live and at replay.
//   - A component never gets its own messages.
//
// # Twins
//
// A twin is the broker's half of a component. That of a name outlives the
// connection: subscriptions, exposures and its place in the log are states in the
// log, stored before the command is answered. One connection has a name; a second
// one gets it when the first does not answer a ping in [Options].ProbeTimeout, or
// always with OverwriteConnection. An anonymous twin ends with its connection.
//
// # What a subscription gets
//
// Each subscription has a msg_from. What is published while it is served, it gets.
// Of what was published while the component was away, or before the subscription
// was made, it gets
//
//   - with msg_from 0 nothing; but QoS1/2 that was due while the component was
//     connected, and was not acked, is offered again in the next connection;
//   - with a number of nanoseconds what is not older than that when the component
//     becomes reactive;
//   - with infinity everything that the log keeps;
//
// always beyond the place that the subscription has reached. Subscriptions with
// msg_from 0 are served from the login on, the others from reactive(true) on;
// reactive(false) pauses all.
//
// # Slow subscribers
//
// A named component whose outbox or window is full is no longer served live: a
// reader brings it level from the log, and hands it back to the router without gap
// or repeat. To an anonymous one the oldest QoS0 messages are dropped and counted;
// if QoS1/2 does not fit, the connection ends. One that acks nothing for
// AckTimeout × (SendRetries+1) is disconnected. ACK, ACK2 and answers overtake
// deliveries. There is no resend on a connection that stands.
//
// # Calls
//
// A call is handed to one connected exposer, by [Policy], under an id of the
// broker's. It is answered with an error when there is none, at once when the exposer's
// connection ends, and dropped after RequestTimeout.
//
// # Concurrency
//
// One mutex, the core's lock, guards all state but outboxes. A message is routed in
// the goroutine that read it (QoS0) or in that of the log (QoS1/2); under the lock
// pointers go into outboxes, and nothing is encoded, written or waited for. Each connection has one writer, which sends all
// that is queued as one batch.
package server
