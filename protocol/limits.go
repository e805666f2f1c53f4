package protocol

// Limits bounds what a peer may send. The zero value of a field means the
// default of [DefaultLimits].
type Limits struct {
	MaxMessage  int // bytes of one message (frame)
	MaxDepth    int // nesting of arrays, maps and tags in data
	MaxTopic    int // bytes of a topic, space or method name
	MaxSegments int // segments of a topic or space
	MaxName     int // bytes of a component name
}

// DefaultLimits returns the limits of a broker that was not told otherwise.
// DataFrames of 60 MiB in one message are normal, hence the 64 MiB.
func DefaultLimits() Limits {
	return Limits{
		MaxMessage:  64 << 20,
		MaxDepth:    32,
		MaxTopic:    1024,
		MaxSegments: 64,
		MaxName:     128,
	}
}

// OrDefault returns l with every zero field replaced by its default.
func (l Limits) OrDefault() Limits {
	if min(l.MaxMessage, l.MaxDepth, l.MaxTopic, l.MaxSegments, l.MaxName) > 0 {
		return l
	}
	d := DefaultLimits()
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.MaxMessage, d.MaxMessage)
	set(&l.MaxDepth, d.MaxDepth)
	set(&l.MaxTopic, d.MaxTopic)
	set(&l.MaxSegments, d.MaxSegments)
	set(&l.MaxName, d.MaxName)
	return l
}
