package server_test

import (
	"fmt"
	"math"

	"github.com/rembus-go/rembus/protocol"
)

// due says what the model thinks of one message for one pattern of one client.
type due uint8

const (
	never due = iota
	may
	must
)

// sent is a message that was published.
type sent struct {
	n     int
	from  string
	topic string
	qos   protocol.QoS
	slot  uint32
	has   bool
	doubt bool // the broker crashed before it was acked, or it is QoS0
}

// expectation is the deliberately dumb model of one subscription.
type expectation struct {
	pattern    string
	space      protocol.Space
	subscribed bool
	from       float64 // msg_from
	before     bool    // was subscribed and unsubscribed
	leftAt     int     // the last message then
	turnedAt   int     // the last message when the subscription was changed
	turned     bool    // it was changed: older messages may come after newer ones
	loose      bool    // a broker began that does not know of that: what came before may come again
	due        map[int]due
}

// forever reports a msg_from that reaches everything there is.
func forever(from float64) bool { return from > 1e9 }

func (x *expectation) matches(s *sent) bool {
	if protocol.IsSpace(x.pattern) {
		return x.space.Match(s.topic)
	}
	return x.pattern == s.topic
}

// standing is what the model knows of a client at one moment.
type standing struct{ connected, paused, reactive bool }

// served reports whether messages are offered as they come.
func (st standing) served(x *expectation) bool {
	return x.subscribed && st.connected && !st.paused && (x.from == 0 || st.reactive)
}

// published says what a message is for the subscription when it is published now.
func (x *expectation) published(s *sent, st standing) due {
	switch {
	case !x.subscribed || !x.matches(s):
		return never
	case st.served(x) || forever(x.from):
		return must
	case x.from == 0:
		return never
	}
	return may // a span of time that may be over when it is asked
}

// subscribe makes or changes the subscription.
func (x *expectation) subscribe(from float64, log []*sent, client string) {
	last := len(log)
	switch {
	case !x.subscribed && forever(from):
		for _, s := range log {
			if s.from == client || !x.matches(s) {
				continue
			}
			if x.due[s.n] == never {
				x.due[s.n] = may
				if !s.doubt && (!x.before || s.n > x.leftAt) {
					x.due[s.n] = must
				}
			}
		}
	case x.subscribed && x.from != from:
		for _, s := range log {
			if s.from != client && x.matches(s) && (x.due[s.n] == never || !forever(from) && x.due[s.n] == must) {
				x.due[s.n] = may
			}
		}
	case !x.subscribed && from != 0:
		for _, s := range log {
			if s.from != client && x.matches(s) && x.due[s.n] == never {
				x.due[s.n] = may
			}
		}
	}
	if x.before || x.subscribed && x.from != from {
		x.turned = true
	}
	if !x.subscribed || x.from != from {
		x.turnedAt = last
	}
	x.subscribed, x.from = true, from
}

func (x *expectation) unsubscribe(last int) {
	for n := range x.due {
		x.due[n] = min(x.due[n], may)
	}
	x.subscribed, x.before, x.leftAt = false, true, last
}

// lose notes that what is on its way without a promise may be lost.
func (x *expectation) lose(log []*sent) {
	for n, d := range x.due {
		if d == must && log[n-1].qos == protocol.QoS0 {
			x.due[n] = may
		}
	}
}

// check compares with what the client got; nil when it is right but for what is
// still missing.
func (x *expectation) check(got []arrival, log []*sent, lives int) (missing int, err error) {
	count := map[int]int{}
	type stream struct {
		from  string
		class int
		old   bool
	}
	last := map[stream]int{}
	for _, a := range got {
		if a.pattern != x.pattern {
			continue
		}
		if a.n < 1 || a.n > len(log) {
			return 0, fmt.Errorf("message %d was never published", a.n)
		}
		s := log[a.n-1]
		count[a.n]++
		switch {
		case x.due[a.n] == never:
			return 0, fmt.Errorf("%+v came by %s, which must not see it", *s, x.pattern)
		case a.m.QoS != s.qos || a.m.HasSlot != s.has || a.m.Slot != s.slot:
			return 0, fmt.Errorf("%+v came as QoS%d slot %v %d", *s, a.m.QoS, a.m.HasSlot, a.m.Slot)
		case s.has && s.qos != protocol.QoS0 && a.m.ID.Slot() != s.slot:
			return 0, fmt.Errorf("%+v came with the id %v", *s, a.m.ID)
		case x.loose: // may come again
		case count[a.n] > 1 && s.qos == protocol.QoS2:
			return 0, fmt.Errorf("%+v was handled twice by %s, last under %v", *s, x.pattern, a.m.ID)
		case count[a.n] > 1 && s.qos == protocol.QoS0:
			return 0, fmt.Errorf("%+v came %d times by %s", *s, count[a.n], x.pattern)
		}
		if count[a.n] > 1 {
			continue
		}
		k := stream{s.from, s.qos.Class(), x.turned && a.n <= x.turnedAt}
		if k.old || lives > 1 && k.class == 0 {
			continue
		}
		if a.n < last[k] {
			return 0, fmt.Errorf("%+v came after message %d by %s", *s, last[k], x.pattern)
		}
		last[k] = a.n
	}
	for n, d := range x.due {
		if d == must && count[n] == 0 {
			missing++
		}
	}
	return missing, nil
}

// missed lists what is missing, for the report of a failure.
func (x *expectation) missed(got []arrival, log []*sent) (list []string) {
	have := map[int]bool{}
	for _, a := range got {
		if a.pattern == x.pattern {
			have[a.n] = true
		}
	}
	for _, s := range log {
		if x.due[s.n] == must && !have[s.n] {
			list = append(list, fmt.Sprintf("%+v by %s (from %g)", *s, x.pattern, x.from))
		}
	}
	return list
}

var infinity = math.Inf(1)
