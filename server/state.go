package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/rembus-go/rembus/protocol"
)

// The states of twins in the log, each under a key of its own; names, patterns
// and methods hold no control character.
//
//	t <name>                   where the twin stands
//	s <name> \n <pattern>      one subscription
//	e <name> \n <method>       one exposure
//	g                          a sequence: the QoS2 ids of publishers up to here are in their twins' states
const (
	keyGlobal       = "g"
	keyTwin         = "t"
	keySubscription = "s"
	keyExposure     = "e"
)

// placesALock is how many places are written before others get at the core's lock.
const placesALock = 256

type twinState struct {
	Next  [2]uint64  `cbor:"1,keyasint"`            // everything below was offered to what the main cursor serves
	Live  bool       `cbor:"2,keyasint"`            // QoS0 was served as it came
	Again []unacked  `cbor:"11,keyasint,omitempty"` // offered and not acked
	Away  []interval `cbor:"4,keyasint,omitempty"`
	Owed  uint64     `cbor:"5,keyasint"`
	Here  bool       `cbor:"6,keyasint"`           // connected and served when written
	Seen  int64      `cbor:"7,keyasint"`           // when it was last connected, ns since 1970
	IDs   []idRecord `cbor:"8,keyasint,omitempty"` // QoS2 messages of its own whose ACK2 has not come

	NextNum uint32 `cbor:"12,keyasint"` // a number of a subscription is never used again: clients remember ids

	Catching []uint32  `cbor:"9,keyasint,omitempty"` // numbers of the subscriptions that the backfill serves
	Caught   [2]uint64 `cbor:"10,keyasint"`          // and how far it has come: as Next
}

type subscriptionState struct {
	From     int64     `cbor:"1,keyasint"`
	Num      uint32    `cbor:"2,keyasint"`
	Created  uint64    `cbor:"3,keyasint"`
	Floor    [2]uint64 `cbor:"4,keyasint"`
	Detached bool      `cbor:"5,keyasint"` // not with the main cursor
	Base     [2]uint64 `cbor:"7,keyasint"`
	Served   [2]uint64 `cbor:"8,keyasint"`
}

type exposureState struct {
	Order uint64 `cbor:"1,keyasint"`
}

// saveSubscription stores a subscription of a named twin; done is told when it is
// on disk. For an anonymous one done is told at once.
func (s *Server) saveSubscription(sub *subscription, done func(error)) {
	s.put(keySubscription, sub.twin, "\n"+sub.pattern, subscriptionState{
		From: sub.from, Num: sub.num, Created: sub.created, Floor: sub.floor, Base: sub.base, Served: sub.served,
		Detached: sub.cursor != &sub.twin.main,
	}, done)
}

// put stores a state of a named twin; nil removes it.
func (s *Server) put(key string, t *twin, rest string, state any, done func(error)) {
	if done == nil {
		done = func(error) {}
	}
	if t.name == "" {
		done(nil)
		return
	}
	var data []byte
	if state != nil {
		var err error
		if data, err = cbor.Marshal(state); err != nil {
			done(err)
			return
		}
	}
	if err := s.log.PutState(key+t.name+rest, data, done); err != nil {
		done(err)
	}
}

// persist writes the places of all twins that moved, and sends the ACK2s that
// waited for it.
func (s *Server) persist() {
	s.mu.Lock()
	dirty, end := s.dirty, s.log.End()
	s.dirty = nil
	for i, t := range dirty {
		if i > 0 && i%placesALock == 0 {
			s.mu.Unlock() // others may go on
			s.mu.Lock()
		}
		t.dirty = false
		if t.forgotten {
			continue
		}
		ids, session := t.ack2, t.session
		t.ack2 = nil
		s.put(keyTwin, t, "", t.state(), func(err error) {
			for _, id := range ids {
				if err == nil && session != nil {
					// Behind what is queued: a delivery that is offered again must
					// not come after the ACK2 to an ACK of its first coming.
					session.out.push(protocol.NewAck2(id), laneSure)
				}
			}
		})
	}
	if end != s.persisted {
		s.persisted = end
		// An error is told by Notify too: the log has failed.
		_ = s.log.PutState(keyGlobal, binary.BigEndian.AppendUint64(nil, end), nil)
	}
	s.mu.Unlock()
	if len(dirty) > 0 {
		s.log.Commit()
	}
}

// save has the twin's place in the log before everything that is appended from now
// on: so no QoS0 message that it is served as it comes is replayed after a crash.
func (t *twin) save() {
	if !t.forgotten {
		t.server.put(keyTwin, t, "", t.state(), nil)
	}
}

func (t *twin) state() twinState {
	st := twinState{
		Next: t.main.resumesAt(), Live: t.main.live, Away: t.away, Owed: t.owed,
		Here: t.session != nil && t.mode != paused, Seen: t.seen, IDs: t.ids.unreleased(),
		NextNum: t.nextNum,
	}
	if t.session != nil {
		st.Seen = t.server.now()
	}
	st.Again = t.window.append(t.again.append(nil))
	if c := t.backfill; c != nil {
		st.Caught = c.resumesAt()
		for _, sub := range t.subs {
			if sub.cursor == c {
				st.Catching = append(st.Catching, sub.num)
			}
		}
	}
	return st
}

// restore rebuilds the twins from the states that the log found at start.
func (s *Server) restore() error {
	var known uint64
	places := make(map[*twin]twinState)
	err := s.log.States(func(key string, data []byte) error {
		if key == "" {
			return errors.New("a state without a name")
		}
		if key == keyGlobal && len(data) == 8 {
			known = binary.BigEndian.Uint64(data)
			return nil
		}
		name, rest, _ := strings.Cut(key[1:], "\n")
		t := s.namedTwin(name)
		var err error
		switch key[:1] {
		case keyTwin:
			var st twinState
			if err = cbor.Unmarshal(data, &st); err == nil {
				t.restore(st)
				places[t] = st
			}
		case keySubscription:
			var st subscriptionState
			if err = cbor.Unmarshal(data, &st); err == nil {
				err = t.restoreSubscription(rest, st)
			}
		case keyExposure:
			var st exposureState
			if err = cbor.Unmarshal(data, &st); err == nil {
				s.exposeAt(t, rest, st.Order)
			}
		default:
			err = errors.New("unknown kind of state")
		}
		if err != nil {
			return fmt.Errorf("restoring the twin %q: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for t, st := range places {
		t.resume(st)
	}
	return s.restoreIDs(known + 1)
}

// resume puts the subscriptions of a backfill that a crash ended where it was,
// and forgets deliveries of subscriptions that are no more.
func (t *twin) resume(st twinState) {
	caught := st.Caught
	caught[0] = min(caught[0], t.server.log.End()+1) // it may be claimed beyond the end
	for _, num := range st.Catching {
		if sub := t.nums[num]; sub != nil {
			sub.raise(caught)
			t.server.saveSubscription(sub, nil) // the twin's next state does not have it
		}
	}
	for id, key := range t.again {
		if t.nums[key.Num] == nil {
			delete(t.again, id)
		}
	}
	if st.Here {
		t.save() // it is not any more: nothing that comes from now on is owed
	}
}

// restoreIDs finds in the log the QoS2 messages of named publishers that came
// after the last state of their twins: a repeat of one must be known as one.
func (s *Server) restoreIDs(from uint64) error {
	for from <= s.log.Durable() {
		entries, next, err := s.log.Read(from, readEntries, nil)
		if err != nil {
			return fmt.Errorf("looking for QoS2 messages in the log: %w", err)
		}
		for _, e := range entries {
			if e.Kind == protocol.EntryPub && e.Msg.QoS == protocol.QoS2 && e.From != "" {
				t := s.namedTwin(e.From)
				t.ids.restore(e.Msg.ID)
				t.touch() // the next "g" is beyond it
			}
		}
		from = next
	}
	return nil
}

// restore puts the twin where it stood. One that was connected at a crash is owed
// all of class 1 that is in the log; QoS0 that was routed is not replayed.
func (t *twin) restore(st twinState) {
	t.main.next, t.away, t.owed, t.seen = st.Next, st.Away, st.Owed, st.Seen
	for _, r := range st.IDs {
		t.ids.restore(r.id())
	}
	end := t.server.log.End()
	if st.Here {
		t.owed = end
	}
	if st.Live || t.main.next[0] > end { // it may be claimed beyond the end
		t.main.next[0] = end + 1
	}
	t.nextNum = max(t.nextNum, st.NextNum)
	for _, u := range st.Again {
		t.again.add(u.ID, u.deliveryKey)
	}
}

func (t *twin) restoreSubscription(pattern string, st subscriptionState) error {
	sub, err := newSubscription(t, pattern, t.server.opts.Limits)
	if err != nil {
		return err
	}
	sub.from, sub.num, sub.created, sub.floor = st.From, st.Num, st.Created, st.Floor
	sub.base, sub.served = st.Base, st.Served
	if !st.Detached {
		sub.cursor = &t.main
	}
	t.nextNum = max(t.nextNum, st.Num+1)
	t.subs[pattern] = sub
	t.nums[sub.num] = sub
	t.filter = nil
	return nil
}
