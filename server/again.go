package server

import (
	"slices"

	"github.com/rembus-go/rembus/protocol"
)

// again offers what earlier connections left unacked, before anything newer and
// under the same ids. It returns false when the reader has to end.
func (r *reader) again() bool {
	for {
		list := r.owed()
		if len(list) == 0 {
			return true
		}
		entries, next, err := r.server.log.Read(list[0].Seq, readEntries, nil)
		if err != nil {
			r.fail(list[0].Seq, err)
			return false
		}
		if !r.repeat(list, entries, next) {
			return false
		}
	}
}

// owed returns what the cursor is to offer again, in order.
func (r *reader) owed() (list []unacked) {
	s, t := r.server, r.twin
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.over() {
		return nil
	}
	for id, key := range t.again {
		if sub := t.nums[key.Num]; sub != nil && r.cursor.takes(sub) {
			list = append(list, unacked{key, id})
		}
	}
	slices.SortFunc(list, func(a, b unacked) int { return a.compare(b.deliveryKey) })
	return list
}

// repeat offers those of list that lie below next and are among entries; the log
// keeps the others no longer.
func (r *reader) repeat(list []unacked, entries []*protocol.Entry, next uint64) bool {
	s, t := r.server, r.twin
	s.mu.Lock()
	defer s.mu.Unlock()
	next = max(next, list[0].Seq+1)
	for _, u := range list {
		if u.Seq >= next {
			break
		}
		for len(entries) > 0 && entries[0].Seq < u.Seq {
			entries = entries[1:]
		}
		var e *protocol.Entry
		if len(entries) > 0 && entries[0].Seq == u.Seq {
			e = entries[0]
		}
		for !r.over() && !r.repeatOne(u, e) {
			r.wait()
		}
		if r.over() {
			return false
		}
	}
	t.touch()
	return true
}

// repeatOne offers one delivery again; false means that there is no room.
func (r *reader) repeatOne(u unacked, e *protocol.Entry) bool {
	t := r.twin
	if key, ok := t.again[u.ID]; !ok || key != u.deliveryKey {
		return true // acked or unsubscribed meanwhile
	}
	sub := t.nums[u.Num]
	if !r.cursor.takes(sub) {
		return true // another cursor has it now
	}
	if e != nil {
		a, subs := t.audience(e.Msg, nil, func(s *subscription) bool { return s == sub })
		if len(subs) > 0 && !t.pushAgain(a, subs[0], u.ID, u.deliveryKey) {
			return false
		}
	}
	delete(t.again, u.ID)
	return true
}
