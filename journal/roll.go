package journal

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rembus-go/rembus/internal/vfs"
)

// mustRoll reports whether bytes more must go into the next segment. What the
// snapshot takes does not count, else a large one would leave no room.
func (j *Journal) mustRoll(bytes int64) bool {
	s := j.active
	if s == nil {
		return true
	}
	used := s.size.Load() - j.body
	return used > 0 && used+bytes > j.opts.SegmentBytes
}

// roll ends the active segment, if any, and begins the next with a snapshot of
// the states. After an error that is vfs.NoRoom it can be called again.
func (j *Journal) roll() error {
	old := j.active
	if old != nil {
		if err := j.endSegment(old); err != nil {
			return err
		}
	}
	s, err := j.create()
	if err != nil {
		return err
	}
	segs := append(slices.Clone(*j.segments.Load()), s)
	j.active, j.body = s, s.size.Load()
	j.segments.Store(&segs)
	j.mu.Lock()
	j.disk += s.size.Load()
	j.mu.Unlock()
	if old != nil {
		if err := old.release(); err != nil {
			j.opts.Logger.Warn("journal: closing a file", "file", old.name(), "error", err)
		}
		j.cache(old)
	}
	j.retain()
	return nil
}

// endSegment closes s in order. Again: does nothing.
func (j *Journal) endSegment(s *segment) error {
	if s.ended {
		return nil
	}
	var b batch
	defer b.reset()
	age := j.age()
	b.own(recEnd, j.base-1, int64(age))
	b.seal(s.mark)
	size := s.size.Load()
	if err := b.writeTo(s.f, size); err != nil {
		return err
	}
	if err := s.f.Sync(); err != nil {
		return syncError{err}
	}
	s.size.Store(size + b.bytes)
	s.bytes, s.ended, s.closed = size+b.bytes, true, int64(age)
	j.mu.Lock()
	j.disk += b.bytes
	j.mu.Unlock()
	return nil
}

// create makes the next segment, durable with its snapshot and its name. A file
// that could not be finished is removed.
func (j *Journal) create() (s *segment, err error) {
	s = &segment{
		fileHead: fileHead{mark: newMark(), base: j.base, clock: int64(j.age()), created: time.Now().UnixNano()},
		fs:       j.opts.FS, num: j.nextID, path: filepath.Join(j.dir, segmentName(j.nextID)), maxSeq: j.base - 1, refs: 1,
	}
	j.nextID++
	if s.f, err = s.fs.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_RDWR); err != nil {
		return nil, err
	}
	x := newIndexer(s)
	if err := j.writeSnapshot(s, x); err != nil {
		s.f.Close()
		if removal := s.fs.Remove(s.path); removal != nil {
			j.opts.Logger.Warn("journal: an unfinished file stays", "error", removal)
		}
		return nil, err
	}
	if err := s.fs.SyncDir(j.dir); err != nil {
		s.f.Close()
		return nil, syncError{err}
	}
	j.index = x
	return s, nil
}

// writeSnapshot writes what a segment begins with and fsyncs it.
func (j *Journal) writeSnapshot(s *segment, x *indexer) error {
	var b batch
	defer b.reset()
	b.own(recBegin, s.base-1, s.clock)
	for name, state := range j.states {
		b.state(name, state, s.base-1, s.created)
	}
	b.own(recSnap, s.base-1, s.clock)
	b.seal(s.mark)
	if _, err := s.f.WriteAt(s.appendTo(nil), 0); err != nil {
		return err
	}
	if err := b.writeTo(s.f, fileHeadSize); err != nil {
		return err
	}
	if err := s.f.Sync(); err != nil {
		return syncError{err}
	}
	offset := int64(fileHeadSize)
	b.walk(func(r *record, head, _ []byte) {
		x.add(r, offset, head[recordSize:])
		offset += int64(r.length)
	})
	s.size.Store(offset)
	return nil
}

// rollOld begins a new segment when the active one holds entries and spans a
// good part of the retention, so that age is kept to about an eighth.
func (j *Journal) rollOld() {
	s := j.active
	if s == nil || j.age()-time.Duration(s.clock) < j.opts.RetentionAge/8 {
		return
	}
	j.mu.Lock()
	broken := j.broken()
	j.mu.Unlock()
	if _, _, count := s.span(); count == 0 || broken {
		return
	}
	if err := j.roll(); err != nil && !vfs.NoRoom(err) {
		j.fail(err)
	}
}
