// Package component is the Rembus client: a component publishes messages,
// subscribes to topics and spaces of topics, exposes functions and calls those
// of others, through a broker.
//
//	c, err := component.Dial(ctx, "ws://127.0.0.1:8338/meter")
//	...
//	defer c.Close(ctx)
//	err = c.Publish(ctx, "belluno.s1/telemetry", map[string]any{"temperature": 18.5})
//
// A component with a name keeps its subscriptions, exposures and undelivered
// QoS1/2 messages at the broker while it is away; an anonymous one does not.
// Package frame adds tables, as Arrow records.
//
// # Handlers
//
// A handler of [Component.Subscribe] is a function of one of these forms, each
// with or without a [context.Context] as its first parameter and an error as
// its result:
//
//	func(*component.Message)          // nothing is decoded: the fastest
//	func(a A, b B, …)                 // the published arguments, one for each parameter
//	func(topic string, a A, b B, …)   // the same for a space: the real topic comes first
//
// So a subscription to "site/1/telemetry" takes func(m map[string]float64), and
// one to the space "**/telemetry" takes func(topic string, m map[string]float64):
// the broker puts the topic in front of the arguments of a space's delivery, and only there.
// The last parameter may be variadic. Arguments are decoded as
// [protocol.RawValue.Decode] does; a parameter of type [protocol.RawValue] or [Value]
// is left undecoded, one of type [protocol.DataFrame] takes a table.
//
// A handler of [Component.Expose] has the same forms, with the arguments of the
// call as its parameters, and may return a value before the error; without one
// the caller gets null.
//
// What goes wrong in a handler, a panic included, does not end the program. The
// caller of an exposed function gets [ErrException] with the error's text,
// [ErrArguments] if the arguments do not fit the parameters, or the status of the
// [*Error] that the handler returned. A subscription's error goes to the log at a
// bounded rate, and to [OnError]; the next message comes all the same.
//
// # Order and delivery
//
// Handlers of subscriptions run one at a time on one goroutine of the
// component, in the order in which the messages arrived: each publisher's messages of QoS0
// in the order published, and those of QoS1 and QoS2. Who needs more speed starts goroutines. Exposed
// functions run each on a goroutine of its own.
//
// Handlers may call any method of the component but Close; receiving never waits
// for them. When they are too slow, QoS0 deliveries beyond the bound of
// [WithInbox] are dropped, the oldest first, counted in [Stats] and reported as
// [ErrSlow]. QoS1 and QoS2 are never dropped here: the broker holds them back.
//
// The ACK of a QoS1 or QoS2 delivery is sent after its handler has returned,
// with an error or without. After a crash in between the message comes again.
// While the process lives, a repeated QoS2 delivery is recognized and not handled twice.
//
// A delivery to a topic without a handler, such as one of an earlier process of the
// same name, waits 5 s for Subscribe and is then discarded with [ErrNoHandler].
//
// # Connection
//
// A lost connection is made again, with growing and jittered delays, until
// Close. Then the component logs in again and repeats its subscriptions and
// exposures; QoS1/2 messages without an ACK are sent again under their ids. Meanwhile publishing
// fills the outbox and then waits; calls under way fail with [ErrConnectionLost]
// at once, since nobody knows whether they ran, and new ones wait for the connection.
package component
