package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// eagerBytes pending make the committer write without being asked.
const eagerBytes = 4 << 20

// Append gives the entries the next sequence numbers (it sets Seq, and Time where it
// is zero), in order. It copies what it needs of the entries; large data is shared,
// and never changed. It only touches memory. The errors are ErrFull, ErrFailed,
// ErrClosed and ErrTooLarge; then none of the entries has been taken.
func (j *Journal) Append(entries ...*protocol.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	full, err := j.admit(entries)
	if err != nil {
		return err
	}
	wasEmpty := j.pending.empty()
	for _, e := range entries {
		j.end++
		e.Seq = j.end
		if e.Time == 0 {
			e.Time = time.Now().UnixNano()
		}
		if full {
			j.unstored++
		} else if j.stores(e) {
			j.addEntry(e)
		}
	}
	j.pending.last = j.end
	j.appended(wasEmpty)
	return nil
}

// Copies says that Append keeps nothing of small messages: server.Copier.
func (j *Journal) Copies() {}

// admit says whether the entries can be taken; full: without storing them.
func (j *Journal) admit(entries []*protocol.Entry) (full bool, err error) {
	if j.failed != nil {
		return false, j.failed
	}
	need, must := int64(0), false
	for _, e := range entries {
		n := recordSize + len(e.From) + len(e.Msg.Topic) + e.Msg.Data.Size()
		if len(e.From) > maxField || len(e.Msg.Topic) > maxField || n > maxRecord {
			return false, ErrTooLarge
		}
		need += int64(n)
		must = must || e.Kind != protocol.EntryPub || e.Msg.QoS != protocol.QoS0
	}
	reason := j.fullness(need)
	j.capped = reason == errHardCap
	if reason == nil {
		return false, nil
	}
	if must {
		return true, fmt.Errorf("%w: %w", ErrFull, reason)
	}
	return true, nil
}

// fullness says why need more bytes cannot be stored now, if so.
func (j *Journal) fullness(need int64) error {
	if j.noRoom != nil {
		return j.noRoom
	}
	if j.disk+j.unwritten()+need > j.opts.HardCap {
		return errHardCap
	}
	return nil
}

// unwritten is what is appended and not yet durable, in bytes.
func (j *Journal) unwritten() int64 {
	n := j.pending.bytes
	if j.inflight != nil {
		n += j.inflight.bytes
	}
	return n
}

func (j *Journal) stores(e *protocol.Entry) bool {
	if e.Kind != protocol.EntryPub {
		return true
	}
	switch j.policies.of(e.Msg.Topic) {
	case Off:
		return false
	case Durable:
		return e.Msg.QoS != protocol.QoS0
	}
	return true
}

func (j *Journal) addEntry(e *protocol.Entry) {
	var r record
	r.describe(e)
	var data []byte
	if e.Msg.Data != nil {
		data = e.Msg.Data.Raw()
	}
	j.pending.add(&r, e.From, e.Msg.ID, e.Msg.Topic, data, true)
	if j.pending.first == 0 {
		j.pending.first = e.Seq
		if j.first == 0 {
			j.first = e.Seq
		}
	}
}

// appended wakes the committer when the pending batch is new or large.
func (j *Journal) appended(wasEmpty bool) {
	if j.pending.bytes > eagerBytes && !j.urgent {
		j.urgent, wasEmpty = true, true
	}
	if wasEmpty {
		signal(j.wake)
	}
}

// signal wakes whoever waits for c, a channel with room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// PutState stores the latest state under a name, in order with the entries appended
// before and after; nil removes it. It copies state. done, unless nil, is called
// once, from the goroutine of [Journal.Notify]: with nil when the state is durable,
// else with the reason. When PutState itself fails done is not called. States are
// taken even at the hard cap; with a full disk they are refused (ErrFull) when too
// much is unwritten.
func (j *Journal) PutState(name string, state []byte, done func(error)) error {
	if len(name) > maxField || len(state) > maxRecord/2 {
		return ErrTooLarge
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil {
		return j.failed
	}
	if j.noRoom != nil && j.unwritten() > j.opts.MaxUnwritten {
		return fmt.Errorf("%w: %w", ErrFull, j.noRoom)
	}
	wasEmpty := j.pending.empty()
	j.pending.state(name, state, j.end, time.Now().UnixNano())
	if done != nil {
		j.pending.done = append(j.pending.done, done)
	}
	j.appended(wasEmpty)
	return nil
}

// Commit asks for everything appended to become durable at once, without
// waiting for it.
func (j *Journal) Commit() {
	j.mu.Lock()
	ask := !j.urgent && !j.pending.empty()
	if ask {
		j.urgent = true
	}
	j.mu.Unlock()
	if ask {
		signal(j.wake)
	}
}

// Room waits while more than [Options.MaxUnwritten] is appended and not yet
// durable. It does not wait for a full disk or the cap, so that Append can
// say so. The errors are ctx's, ErrFailed and ErrClosed.
func (j *Journal) Room(ctx context.Context) error {
	for {
		j.mu.Lock()
		failed, room := j.failed, j.room
		wait := j.unwritten() > j.opts.MaxUnwritten && j.noRoom == nil
		j.mu.Unlock()
		if failed != nil {
			return failed
		}
		if !wait {
			return nil
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// freeRoom wakes all that wait in Room. The caller holds mu.
func (j *Journal) freeRoom() {
	close(j.room)
	j.room = make(chan struct{})
}
