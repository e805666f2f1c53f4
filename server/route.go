package server

import (
	"slices"

	"github.com/rembus-go/rembus/protocol"
)

// audience is a message with the forms that its subscribers get: as it is, or as
// one of the spaces that hold its topic shows it. Each form is made once.
type audience struct {
	msg      *protocol.Message
	patterns []string
	spaced   []*protocol.Message // by pattern, nil until needed
}

func (a *audience) set(m *protocol.Message, patterns []string) {
	a.msg, a.patterns = m, patterns
	clear(a.spaced)
	a.spaced = a.spaced[:0]
}

func (a *audience) form(i int) *protocol.Message {
	if i == 0 {
		return a.msg
	}
	if len(a.spaced) == 0 {
		a.spaced = slices.Grow(a.spaced, len(a.patterns))[:len(a.patterns)]
	}
	if a.spaced[i-1] == nil {
		a.spaced[i-1] = a.msg.Spaced(a.patterns[i-1])
	}
	return a.spaced[i-1]
}

// route hands a published message to its audience, in the goroutine of the
// publisher (QoS0) or of the log (QoS1/2). Core's lock held.
func (s *Server) route(tn *tenant, r routedMessage) {
	match := tn.index.match(r.msg.Topic)
	if len(match.targets) == 0 {
		return
	}
	a := &s.scratch
	a.set(r.msg, match.patterns)
	for i := range match.targets {
		t := &match.targets[i]
		if t.twin == r.from || t.twin.session == nil || s.guarded && !s.guard.See(t.twin.name, r.msg.Topic) {
			continue
		}
		if t.twin.tracked {
			t.twin.routeTracked(a, r, t.subs)
		} else if t.twin.mode != paused {
			t.twin.routeLive(a, r, t.subs)
		}
	}
	a.set(nil, nil)
}

// routeTracked splits the matching subscriptions by the cursor that serves them.
func (t *twin) routeTracked(a *audience, r routedMessage, subs []matched) {
	k := r.msg.QoS.Class()
	if t.backfill == nil && t.alone(subs, r.seq, k) {
		t.main.route(a, r, subs) // the usual case needs no new slice
		return
	}
	for _, c := range []*cursor{&t.main, t.backfill} {
		if c == nil {
			continue
		}
		var own []matched
		for _, m := range subs {
			if c.takes(m.sub) && (r.seq == 0 || r.seq >= m.sub.floor[k]) {
				own = append(own, m)
			}
		}
		if len(own) > 0 {
			c.route(a, r, own)
		}
	}
}

// alone reports whether the main cursor offers seq to all of subs.
func (t *twin) alone(subs []matched, seq uint64, class int) bool {
	for _, m := range subs {
		if !t.main.takes(m.sub) || seq != 0 && seq < m.sub.floor[class] {
			return false
		}
	}
	return true
}

// routeLive serves a twin that has no place in the log: an anonymous one. QoS0 is
// dropped when it is too slow, the oldest first; QoS1/2 ends the connection.
func (t *twin) routeLive(a *audience, r routedMessage, subs []matched) {
	for _, m := range subs {
		msg := a.form(m.form)
		if msg.QoS == protocol.QoS0 {
			if lost := t.session.out.pushDropping(msg); lost > 0 {
				t.server.stats.dropped.Add(uint64(lost))
			}
			continue
		}
		if t.session.noAcks {
			msg = plain(msg)
		} else {
			msg = msg.Delivery(protocol.NumberID(deliveryID(deliveryKey{r.seq, m.sub.num}, msg)), msg.QoS)
		}
		if !t.session.out.push(msg, laneSure) {
			t.session.end(protocol.Errorf(protocol.StatusError, "too slow: %d bytes of QoS1/2 messages are waiting", t.server.opts.Outbox))
			return
		}
	}
}

// plain is a QoS1/2 message for a client that cannot ack: as QoS0.
func plain(m *protocol.Message) *protocol.Message { return protocol.NewPub(m.Topic, m.Data) }

// push queues all forms of a message for a tracked twin, or nothing when there
// is no room in the outbox or, for QoS1/2, in the window.
func (t *twin) push(a *audience, seq uint64, subs []matched) bool {
	out := &t.session.out
	if a.msg.QoS == protocol.QoS0 {
		if len(subs) == 1 {
			return out.push(a.form(subs[0].form), laneLossy)
		}
		batch := t.server.batch[:0]
		for _, m := range subs {
			batch = append(batch, a.form(m.form))
		}
		return out.pushAll(batch, laneLossy)
	}
	return t.pushSure(a, seq, subs)
}

// pushSure is push for QoS1/2.
func (t *twin) pushSure(a *audience, seq uint64, subs []matched) bool {
	if !t.windowRoom(len(subs)) {
		return false
	}
	batch := t.server.batch[:0]
	taken := make(window, len(subs))
	for _, m := range subs {
		form := a.form(m.form)
		if t.session.noAcks {
			batch = append(batch, plain(form))
			continue
		}
		key := deliveryKey{seq, m.sub.num}
		id := t.freeID(deliveryID(key, form), taken)
		taken[id] = key
		batch = append(batch, form.Delivery(protocol.NumberID(id), form.QoS))
	}
	if !t.session.out.pushAll(batch, laneSure) {
		return false
	}
	t.sent(taken)
	return true
}

// windowRoom reports whether n more deliveries may wait for their ACK; an empty
// window takes any.
func (t *twin) windowRoom(n int) bool {
	return len(t.window) == 0 || len(t.window)+n <= t.server.opts.Window
}

// sent notes deliveries that were queued.
func (t *twin) sent(ds window) {
	if len(t.window) == 0 {
		t.idle = t.server.now()
	}
	for id, key := range ds {
		t.window.add(id, key)
	}
}

// pushAgain queues a delivery of an earlier connection under the id that it had.
func (t *twin) pushAgain(a *audience, m matched, id uint64, key deliveryKey) bool {
	form := a.form(m.form)
	if t.session.noAcks {
		return t.session.out.push(plain(form), laneSure)
	}
	if !t.windowRoom(1) || !t.session.out.push(form.Delivery(protocol.NumberID(id), form.QoS), laneSure) {
		return false
	}
	t.sent(window{id: key})
	return true
}

// freeID steps over ids that wait for an ACK or are about to.
func (t *twin) freeID(id uint64, taken window) uint64 {
	for {
		_, a := t.window[id]
		_, b := t.again[id]
		_, c := taken[id]
		if !a && !b && !c {
			return id
		}
		id = nextID(id)
	}
}

// filter is what readers ask whether a topic concerns the twin. Immutable.
type filter struct {
	exact  map[string]struct{}
	spaces []*subscription
}

func (f *filter) match(topic string) bool {
	if _, ok := f.exact[topic]; ok {
		return true
	}
	for _, sub := range f.spaces {
		if sub.space.Match(topic) {
			return true
		}
	}
	return false
}

// topics returns the filter of the twin's subscriptions of now.
func (t *twin) topics() *filter {
	if t.filter == nil {
		f := &filter{exact: make(map[string]struct{})}
		for _, sub := range t.subs {
			if sub.isSpace {
				f.spaces = append(f.spaces, sub)
			} else {
				f.exact[sub.pattern] = struct{}{}
			}
		}
		t.filter = f
	}
	return t.filter
}

// audience finds the twin's subscriptions that cover a stored or held message
// and want it. What it returns is good until the next call.
func (t *twin) audience(m *protocol.Message, from *twin, want func(*subscription) bool) (*audience, []matched) {
	if from == t || t.server.guarded && !t.server.guard.See(t.name, m.Topic) {
		return nil, nil
	}
	s := t.server
	subs, patterns := s.found[:0], s.stored.patterns[:0]
	if sub, ok := t.subs[m.Topic]; ok && !sub.isSpace && want(sub) {
		subs = append(subs, matched{sub, 0})
	}
	for _, sub := range t.topics().spaces {
		if sub.space.Match(m.Topic) && want(sub) {
			patterns = append(patterns, sub.pattern)
			subs = append(subs, matched{sub, len(patterns)})
		}
	}
	s.found = subs
	s.stored.set(m, patterns)
	return &s.stored, subs
}
