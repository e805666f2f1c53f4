package server

import (
	"github.com/rembus-go/rembus/protocol"
)

// A reader offers so many entries before it lets others at the core's lock, fewer
// when it has to compare each with many spaces.
const (
	readEntries  = 1024
	entriesALock = 64
	spacesALock  = 4096
)

// read starts the reader of a cursor that is behind.
func (c *cursor) read() {
	c.reading = true
	c.term++
	r := &reader{cursor: c, twin: c.twin, server: c.twin.server, term: c.term}
	r.server.tasks.Go(r.run)
}

// reader brings one cursor level with the log. It ends when the cursor goes live
// or its term is over.
type reader struct {
	cursor *cursor
	twin   *twin
	server *Server
	term   uint64
	joinAt uint64 // while joining: the log's end when that began
}

// over reports whether the reader has to end. Core's lock held.
func (r *reader) over() bool { return r.cursor.term != r.term }

func (r *reader) run() {
	r.skipOld()
	for {
		if !r.again() {
			return
		}
		from, f, ok := r.begin()
		if !ok {
			return
		}
		spaces := len(f.spaces)
		entries, next, err := r.server.log.Read(from, readEntries, f.match)
		if err != nil {
			r.fail(from, err)
			return
		}
		if !r.claim(entries, next) {
			return
		}
		for len(entries) > 0 {
			n := min(len(entries), entriesALock, 1+spacesALock/(1+spaces))
			if !r.offer(entries[:n]) {
				return
			}
			entries = entries[n:]
		}
		if r.finish(next) {
			return
		}
	}
}

// fail ends a connection that cannot be served.
func (r *reader) fail(from uint64, err error) {
	s := r.server
	s.logger.Error("reading the log for a subscriber failed", "name", r.twin.name, "from", from, "err", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.over() {
		r.twin.session.end(protocol.Errorf(protocol.StatusError, "the log cannot be read"))
		r.cursor.stop()
	}
}

// begin returns where to read from and which topics are worth it.
func (r *reader) begin() (from uint64, f *filter, ok bool) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if r.over() {
		return 0, nil, false
	}
	return min(r.cursor.next[0], r.cursor.next[1]), r.twin.topics(), true
}

// offer hands stored entries to the twin and waits for room where there is
// none. It returns false when the reader has to end.
func (r *reader) offer(entries []*protocol.Entry) bool {
	s, c := r.server, r.cursor
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		k := e.Msg.QoS.Class()
		for !r.over() && e.Seq >= c.next[k] && !r.offerOne(e, k) {
			r.wait()
		}
		if r.over() {
			return false
		}
		c.next[k] = max(c.next[k], e.Seq+1)
	}
	r.twin.touch()
	return true
}

// offerOne offers one entry to those of the cursor's subscriptions that want it
// and have not acked it; false means that there is no room.
func (r *reader) offerOne(e *protocol.Entry, class int) bool {
	t := r.twin
	if e.Kind != protocol.EntryPub || e.From == t.name && t.name != "" || protocol.Tenant(e.From) != t.tenant.name {
		return true
	}
	a, subs := t.audience(e.Msg, nil, func(sub *subscription) bool {
		return r.cursor.takes(sub) && sub.wants(e, class)
	})
	return len(subs) == 0 || t.push(a, e.Seq, subs)
}

// finish notes that everything below next has been read. Once level with the
// durable end it lets the router hold back what comes, reads the rest and goes
// live, so that there is neither gap nor repeat.
func (r *reader) finish(next uint64) (done bool) {
	s, c := r.server, r.cursor
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.over() {
		return true
	}
	c.passed(next)
	r.twin.touch()
	if next <= s.log.Durable() {
		return false
	}
	if !c.joining {
		c.joining, r.joinAt = true, s.log.End()
	}
	if next > r.joinAt {
		if r.twin.owes(c) {
			return false
		}
		if !c.join() {
			return false
		}
		if c == r.twin.backfill {
			r.twin.merge(c)
		} else {
			r.twin.save()
		}
		return true
	}
	s.log.Commit()
	for !r.over() && s.log.Durable() < next {
		r.wait()
	}
	return r.over()
}

// wait lets go of the core's lock until something changed for the twin: room, an
// ACK, the durable end, the end of the connection.
func (r *reader) wait() {
	r.server.readers[r.twin] = struct{}{}
	r.twin.waiting++
	r.twin.changed.Wait()
	r.twin.waiting--
	if r.twin.waiting == 0 {
		delete(r.server.readers, r.twin)
	}
}

// skipOld moves the cursor up to the first entry young enough for it, when all
// its subscriptions ask for a span of time and none is owed anything older.
func (r *reader) skipOld() {
	s, c, t := r.server, r.cursor, r.twin
	s.mu.Lock()
	var span int64
	bounded := c.serves()
	for _, sub := range t.subs {
		if !c.takes(sub) {
			continue
		}
		owed := sub.created < t.owed && sub.floor[1] <= t.owed
		bounded = bounded && !owed && sub.from != 0 && sub.from != lastReceived
		span = max(span, sub.from)
	}
	since := t.reactiveTime - span
	over := r.over()
	s.mu.Unlock()
	if over || !bounded {
		return
	}
	seq := seekTime(s.log, since)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.over() {
		c.passed(seq)
	}
}

// seekTime finds by bisection the first entry received at or after since.
func seekTime(log Log, since int64) uint64 {
	low, high := log.First(), log.Durable()+1
	for low < high {
		mid := low + (high-low)/2
		entries, next, err := log.Read(mid, 1, nil)
		switch {
		case err != nil:
			return low
		case len(entries) == 0:
			high = mid // nothing kept from here on
		case entries[0].Time >= since:
			high = mid
		default:
			low = max(mid+1, next)
		}
	}
	return low
}
