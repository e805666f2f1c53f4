package journal

import (
	"fmt"
	"slices"
	"time"

	"github.com/rembus-go/rembus/internal/vfs"
)

const (
	firstPause = 50 * time.Millisecond // before writing to a full disk again
	lastPause  = 2 * time.Second
)

// syncError is a failed fsync: never to be tried again, whatever the reason.
type syncError struct{ error }

// run is the committer.
//
// It ends in this order: what is pending is made durable, the segment is closed, the
// notifier tells the last news and ends, the directory is released.
func (j *Journal) run() {
	defer j.finish()
	notified := make(chan struct{})
	go j.notify(notified)
	defer func() {
		j.stopNotifier()
		<-notified
	}()
	defer j.closeActive()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	tick := time.NewTicker(j.tickInterval())
	defer tick.Stop()
	var last time.Time // of the last batch
	for {
		force, closing := false, false
		select {
		case <-j.wake:
		case <-due.C:
			force = true
		case <-tick.C:
			j.rollOld()
			j.retain()
			chunks.trim()
		case <-j.closing:
			closing = true
		}
		b, waiting := j.take(force || closing)
		if waiting {
			due.Reset(max(0, j.opts.SyncInterval-time.Since(last)))
		}
		if b != nil {
			last = time.Now()
			j.commit(b)
		}
		if closing {
			return
		}
	}
}

// take returns what is pending as a batch to write, if it is time: asked for or
// force. waiting: something is pending and it is not.
func (j *Journal) take(force bool) (b *batch, waiting bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.pending.empty() || j.broken() {
		return nil, false
	}
	if !j.urgent && !force {
		return nil, true
	}
	b = j.pending
	if b.last > b.stored { // nothing on disk would say that these numbers are used
		b.mark(b.last)
	}
	j.inflight, j.pending, j.spare, j.urgent = b, j.spare, nil, false
	return b, false
}

// commit makes b durable, however long the disk is full, or fails for good.
func (j *Journal) commit(b *batch) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := j.store(b)
		if err == nil {
			break
		}
		if !vfs.NoRoom(err) {
			j.fail(err)
			return
		}
		j.setNoRoom(err)
		select {
		case <-time.After(pause):
		case <-j.abort:
			j.fail(fmt.Errorf("closed on a full disk: %w", err))
			return
		}
		j.retain()
	}
	j.committed(b)
}

// store writes and fsyncs b. It may be called again after an error that is
// vfs.NoRoom.
func (j *Journal) store(b *batch) error {
	if j.mustRoll(b.bytes) {
		if err := j.roll(); err != nil {
			return err
		}
	}
	b.seal(j.active.mark)
	f, size := j.active.f, j.active.size.Load()
	if err := b.writeTo(f, size); err != nil {
		if err := f.Truncate(size); err != nil {
			j.opts.Logger.Warn("journal: a part of a batch stays behind the end; it is written over", "file", j.active.name(), "error", err)
		}
		return err
	}
	if err := f.Sync(); err != nil {
		return syncError{err}
	}
	return nil
}

// committed publishes b, which is on disk.
func (j *Journal) committed(b *batch) {
	s := j.active
	offset := s.size.Load()
	s.mu.Lock()
	b.walk(func(r *record, head, data []byte) {
		j.index.add(r, offset, head[recordSize:])
		offset += int64(r.length)
		switch r.kind {
		case recState:
			j.states[string(head[recordSize:])] = slices.Clone(data)
		case recGone:
			delete(j.states, string(head[recordSize:]))
		}
	})
	s.mu.Unlock()
	s.size.Store(offset)
	if b.last > 0 {
		j.base = b.last + 1
	}

	j.mu.Lock()
	defer j.mu.Unlock()
	if j.unwritten() > j.opts.MaxUnwritten {
		j.freeRoom()
	}
	j.disk += b.bytes
	if j.noRoom != nil {
		j.noRoom = nil
		j.opts.Logger.Info("journal: there is room again; writing goes on")
	}
	if b.last > 0 {
		j.durable.Store(b.last)
	}
	j.notifier.add(b.done, nil)
	j.inflight = nil
	b.reset()
	j.spare = b
}

// setNoRoom begins the pause of a full disk.
func (j *Journal) setNoRoom(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.noRoom != nil {
		return
	}
	j.noRoom = err
	j.freeRoom() // who waits shall hear it from Append
	j.opts.Logger.Error("journal: no room on disk; refusing QoS1 and QoS2 until there is", "error", err)
}

// fail ends writing for good.
func (j *Journal) fail(err error) {
	if s := j.active; s != nil {
		// what is behind the durable end may be in the kernel's memory only: better
		// that no later start reads it. Nothing is lost when this fails too
		if err := s.f.Truncate(s.size.Load()); err != nil {
			j.opts.Logger.Warn("journal: what was not fsynced stays in the file", "file", s.name(), "error", err)
		}
	}
	failed := fmt.Errorf("%w: %w", ErrFailed, err)
	j.opts.Logger.Error("journal: read-only until restart", "error", err, "durable", j.durable.Load())
	j.exit = failed

	j.mu.Lock()
	defer j.mu.Unlock()
	j.failed = failed
	j.notifier.err = failed
	if b := j.inflight; b != nil {
		j.notifier.add(b.done, failed)
	}
	j.notifier.add(j.pending.done, failed)
	j.pending.done = nil
	signal(j.notifier.wake)
	j.freeRoom()
}

// broken reports whether writing has ended for good. The caller holds mu.
func (j *Journal) broken() bool { return j.notifier.err != nil }

// closeActive closes the segment in order, at the end of a run.
func (j *Journal) closeActive() {
	s := j.active
	if s == nil {
		return
	}
	j.mu.Lock()
	broken := j.broken()
	j.mu.Unlock()
	if !broken {
		if err := j.endSegment(s); err != nil {
			j.fail(err)
			broken = true
		}
	}
	if err := s.release(); err != nil {
		j.opts.Logger.Warn("journal: closing a file", "file", s.name(), "error", err)
	}
	if !broken {
		j.cache(s)
	}
}

// finish releases the directory.
func (j *Journal) finish() {
	if err := j.lock.Close(); err != nil && j.exit == nil {
		j.exit = fmt.Errorf("journal: releasing the directory: %w", err)
	}
	close(j.done)
}
