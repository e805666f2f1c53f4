package lake

import (
	"context"
	"errors"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

const (
	readAtOnce = 4096     // entries asked for at a time
	batchBytes = 16 << 20 // of messages in a transaction, but for the last

	firstPause = 100 * time.Millisecond // after a failure; doubles
	lastPause  = 30 * time.Second
)

// run is the reader: it waits until something is durable, lets it gather, and
// writes it. After a failure it pauses and tries again. It ends when the lake is
// closed and level with the log, or the time to close is up.
func (l *Lake) run() {
	defer close(l.done)
	pause := firstPause
	for {
		closing := l.await()
		err := l.drain()
		if err == nil {
			pause = firstPause
			l.healed()
			if closing {
				return
			}
			continue
		}
		if l.ctx.Err() != nil {
			return
		}
		l.failed(err)
		select {
		case <-time.After(pause):
		case <-l.ctx.Done():
			return
		}
		pause = min(2*pause, lastPause)
		l.repair(err)
		l.kick()
	}
}

// await returns when it is time to read, and whether the lake is closing.
func (l *Lake) await() (closing bool) {
	select {
	case <-l.stopping:
		return true
	case <-l.kicked:
		return false
	case <-l.moved:
	}
	if l.progress.awaited() {
		return false
	}
	timer := time.NewTimer(l.opts.BatchInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.kicked:
	case <-l.stopping:
		return true
	}
	return false
}

// errBroken is what the reader finds after a query met a fatal error.
var errBroken = errors.New("FATAL Error: DuckDB failed in a query and is opened anew")

// drain writes all that is durable now.
func (l *Lake) drain() error {
	if l.store == nil {
		if err := l.open(l.ctx); err != nil {
			return err
		}
	}
	for l.ctx.Err() == nil {
		if l.broken.Swap(false) {
			return errBroken
		}
		from := l.progress.at() + 1
		if from > l.log.Durable() {
			l.endRebuild()
			return nil
		}
		changes, next, err := l.gather(from)
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			if err := l.apply(changes, next-1); err != nil {
				return err
			}
		}
		if next <= from {
			return nil
		}
		l.healed() // before those who wait for the rows may look
		l.progress.reach(next - 1)
		l.rebuild(len(changes))
	}
	return l.ctx.Err()
}

// gather reads entries for one transaction. next is where to go on.
func (l *Lake) gather(from uint64) (changes []*change, next uint64, err error) {
	next = from
	for bytes := 0; len(changes) < l.opts.BatchRows && bytes < batchBytes; {
		most := min(readAtOnce, l.opts.BatchRows-len(changes))
		entries, after, err := l.log.Read(next, most, l.wanted)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range entries {
			bytes += e.Msg.Data.Size()
			c, err := l.changeOf(e)
			if err != nil {
				c = &change{entry: e, bad: err}
			}
			if c != nil {
				changes = append(changes, c)
			}
		}
		if after <= next {
			break
		}
		if next = after; next > l.log.Durable() {
			break
		}
	}
	return changes, next, nil
}

func (l *Lake) wanted(topic string) bool {
	t, _ := l.opts.Schema.Match(topic)
	return t != nil
}

// refuse takes note of what does not get into the lake.
func (l *Lake) refuse(e *protocol.Entry, rows uint64, err error) {
	if e.Kind != protocol.EntryPub {
		l.outcomes.fail(e.Seq, asException(err))
	}
	l.refusals.refuse(e.Msg.Topic, e.Seq, rows, err)
}

func (l *Lake) failed(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if old := l.health.Swap(&err); old == nil {
		l.opts.Logger.Error("the lake failed and tries again", "error", plainError(err))
	}
}

func (l *Lake) healed() {
	if old := l.health.Swap(nil); old != nil {
		l.opts.Logger.Info("the lake works again")
	}
}

// repair closes the file when DuckDB broke down, for drain to open it anew: after
// a fatal error DuckDB answers nothing else. A lake in memory would lose
// everything by it.
func (l *Lake) repair(err error) {
	if l.store == nil || causeOf(err) != causeFile || inMemory(l.opts.Path) {
		return
	}
	l.suspect = l.suspect || corrupt(err)
	l.storeMu.Lock()
	defer l.storeMu.Unlock()
	if err := l.store.release(); err != nil {
		l.opts.Logger.Warn("failed to close the lake", "error", plainError(err))
	}
	l.store = nil
}
