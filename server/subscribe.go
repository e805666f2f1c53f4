package server

import (
	"errors"

	"github.com/rembus-go/rembus/protocol"
)

// keepFrom subscribes with the msg_from that is stored, 0 for a new subscription.
const keepFrom = -1

// subscribe adds a subscription, or changes the msg_from of one, and answers id
// once it is on disk. An error has not been answered.
func (ss *session) subscribe(pattern string, from int64, id protocol.ID) error {
	s := ss.server
	sub, err := newSubscription(ss.twin, pattern, s.opts.Limits)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := ss.twin
	if t.session != ss {
		return errReplaced
	}
	if old, ok := t.subs[pattern]; ok {
		t.resubscribe(old, from)
		sub = old
	} else if len(t.subs) >= s.opts.MaxSubscriptions {
		return protocol.Errorf(protocol.StatusError, "more than %d subscriptions: use a topic space", s.opts.MaxSubscriptions)
	} else {
		t.subscribe(sub, max(from, 0))
	}
	s.saveSubscription(sub, ss.answerStored(id))
	s.log.Commit()
	if sub.from != 0 {
		t.catchUp()
	}
	return nil
}

// answerStored answers id when a state is on disk.
func (ss *session) answerStored(id protocol.ID) func(error) {
	return func(err error) {
		if err != nil {
			ss.replyError(id, protocol.Errorf(protocol.StatusError, "not stored: %v", err))
			return
		}
		ss.reply(id, protocol.StatusOK, nil)
	}
}

// replyError answers with err's status, or as a plain error.
func (ss *session) replyError(id protocol.ID, err error) {
	var e *protocol.Error
	if !errors.As(err, &e) {
		e = protocol.Errorf(protocol.StatusError, "%v", err)
	}
	ss.refuse(id, e.Status, e.Text)
}

// subscribe adds a new subscription to the twin. Core's lock held.
func (t *twin) subscribe(sub *subscription, from int64) {
	end := t.server.log.End()
	sub.from, sub.num, sub.created = from, t.nextNum, end
	t.nextNum++
	if from != 0 && !t.tracked {
		t.track()
	}
	sub.floor = t.marks[sub.pattern]
	delete(t.marks, sub.pattern)
	t.subs[sub.pattern] = sub
	t.nums[sub.num] = sub
	if from == 0 {
		sub.fromNow()
	}
	t.tenant.index.add(sub)
	t.filter = nil
	if t.tracked {
		t.main.serve()
	}
}

// track gives an anonymous twin a place in the log, because it asked for what is
// stored: from here on it is served as a named one while its connection lasts.
func (t *twin) track() {
	t.tracked = true
	r := &t.server.routed
	t.main.next = [2]uint64{r[0] + 1, r[1] + 1}
	t.owed = t.server.log.End()
	t.main.serve()
}

// fromNow lets a subscription begin at the log's end, and remembers where it
// stood. Core's lock held.
func (s *subscription) fromNow() {
	t := s.twin
	end := t.server.log.End()
	if s.cursor != nil {
		s.raise(s.cursor.position())
	}
	s.raise(s.served)
	s.base, s.served, s.created = s.floor, [2]uint64{}, end
	s.floor = [2]uint64{end + 1, end + 1}
	s.cursor = &t.main
}

// resubscribe changes how far an existing subscription reaches back. One that was
// served from now on and is to reach back is taken off the main cursor, put to
// where it stood before, and not offered again what it had since.
func (t *twin) resubscribe(sub *subscription, from int64) {
	if from == keepFrom || from == sub.from {
		return
	}
	if !t.tracked {
		t.track()
	}
	switch {
	case sub.from == 0:
		sub.served = sub.cursor.position()
		sub.floor, sub.cursor = sub.base, nil
	case from == 0:
		sub.fromNow()
	}
	sub.from = from
	t.main.serve()
}

// unsubscribe removes a subscription; an unknown one is no error. Where it stood
// is kept, so that subscribing again continues there.
func (ss *session) unsubscribe(pattern string, id protocol.ID) {
	s := ss.server
	s.mu.Lock()
	defer s.mu.Unlock()
	t := ss.twin
	sub, ok := t.subs[pattern]
	if !ok || t.session != ss {
		ss.reply(id, protocol.StatusOK, nil)
		return
	}
	if sub.cursor != nil {
		sub.raise(sub.cursor.position())
	}
	sub.raise(sub.served)
	if len(t.marks) < s.opts.MaxSubscriptions {
		t.marks[pattern] = sub.floor
	}
	delete(t.subs, pattern)
	delete(t.nums, sub.num)
	for id, key := range t.again {
		if key.Num == sub.num {
			delete(t.again, id)
		}
	}
	t.tenant.index.remove(sub)
	t.filter = nil
	t.save() // its number
	s.put(keySubscription, t, "\n"+pattern, nil, ss.answerStored(id))
	s.log.Commit()
}
