package lake

import (
	"errors"
	"fmt"
)

// memoryTries is how often a lone change may fail for want of memory before
// it is held to be the reason.
const memoryTries = 5

// apply makes the changes, in order, and moves the position to upTo, in one
// transaction if all goes well. A change that DuckDB refuses is left out and
// reported; the error is one that trying again may heal.
func (l *Lake) apply(changes []*change, upTo uint64) error {
	err := l.store.writes.during(func() error {
		return l.store.writer.transaction(upTo, func() error { return l.makeAll(changes) })
	})
	if err == nil {
		l.tries = 0
		for _, c := range changes {
			if c.refused > 0 {
				l.refuse(c.entry, c.refused, c.reason)
			}
		}
		return nil
	}
	l.rejected.rows = -1 // what was counted is rolled back
	cause := causeOf(err)
	if cause == causeFile || l.ctx.Err() != nil { // which ends a deletion
		return fmt.Errorf("failed to write to the lake: %w", err)
	}
	var own *culprit
	switch {
	case errors.As(err, &own):
		return l.applyAround(changes, own.index, upTo, own.err)
	case len(changes) > 1:
		middle := len(changes) / 2
		if err := l.apply(changes[:middle], changes[middle].entry.Seq-1); err != nil {
			return err
		}
		l.progress.reach(changes[middle].entry.Seq - 1)
		return l.apply(changes[middle:], upTo)
	case len(changes) == 0 || changes[0].unkept:
		return fmt.Errorf("failed to write to the lake: %w", err)
	}
	if l.tries++; cause == causeMemory && l.tries < memoryTries {
		return fmt.Errorf("failed to write to the lake: %w", err)
	}
	return l.applyAround(changes, 0, upTo, err)
}

// makeAll makes the changes in the transaction that runs.
func (l *Lake) makeAll(changes []*change) error {
	for i, c := range changes {
		if err := l.write(l.ctx, l.store.writer, c); err != nil {
			if own := (*culprit)(nil); errors.As(err, &own) {
				own.index = i
			}
			return err
		}
	}
	return l.keepRejected(l.store.writer, changes)
}

// applyAround makes the changes but number i, which is refused.
func (l *Lake) applyAround(changes []*change, i int, upTo uint64, reason error) error {
	bad := changes[i]
	if i > 0 {
		if err := l.apply(changes[:i], bad.entry.Seq-1); err != nil {
			return err
		}
		l.progress.reach(bad.entry.Seq - 1)
	}
	bad.unkept = bad.bad != nil
	if bad.bad == nil {
		bad.bad = reason
	}
	return l.apply(changes[i:], upTo)
}
