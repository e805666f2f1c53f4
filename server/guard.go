package server

// Guard says what a component may do. name is "" for an anonymous one. Its
// methods are called under the core's lock: they must be quick, must not block
// and must not call the server. Topics are concrete, never patterns: a space is
// checked with each topic that it would show, at delivery and at replay.
type Guard interface {
	// Publish reports whether name may publish to topic.
	Publish(name, topic string) bool
	// See reports whether name may receive what was published to topic.
	See(name, topic string) bool
	// Call reports whether name may call the method, built-in ones included.
	Call(name, method string) bool
}

// allowAll is the guard of a broker without private topics.
type allowAll struct{}

func (allowAll) Publish(_, _ string) bool { return true }
func (allowAll) See(_, _ string) bool     { return true }
func (allowAll) Call(_, _ string) bool    { return true }
