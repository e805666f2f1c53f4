package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Journal is an open log directory. All methods are safe for concurrent use.
//
// Three kinds of goroutines touch it: publishers append to the pending batch under
// mu; the committer alone writes, rolls and unlinks files; the notifier calls what
// Notify and PutState were given. Readers share the segments with the committer
// through the list that it replaces and each segment's size.
type Journal struct {
	opts   Options
	dir    string
	lock   io.Closer
	start  time.Time     // its monotonic part drives the age clock
	clock0 time.Duration // the age clock at start

	durable  atomic.Uint64
	segments atomic.Pointer[[]*segment] // in order; replaced by the committer only
	initial  map[string][]byte          // the states found at start; never changed
	damage   damages

	wake    chan struct{} // asks the committer to look at urgent and pending
	closing chan struct{} // closed by Close
	abort   chan struct{} // closed when Close gives up on a full disk
	done    chan struct{} // closed when both goroutines have ended
	once    sync.Once     // for closing
	giveUp  sync.Once     // for abort

	mu       sync.Mutex // protects following
	end      uint64
	first    uint64 // the oldest entry kept, 0 without any
	pending  *batch // what publishers fill
	inflight *batch // what the committer writes, not to be changed
	spare    *batch
	policies policies
	urgent   bool          // commit at once
	room     chan struct{} // closed and replaced when there is room again
	disk     int64         // bytes of all files
	noRoom   error         // the disk is full
	capped   bool          // the last Append came to the hard cap, and no file went since
	failed   error         // for good; ErrClosed after Close
	unstored uint64        // QoS0 entries not stored because of the cap or a full disk
	notifier notifier

	// The committer's own.
	active *segment          // the segment that is written, nil before the first write
	body   int64             // where its snapshot ends
	index  *indexer          // of active
	states map[string][]byte // as of the last sealed batch
	nextID uint64            // number of the next segment
	base   uint64            // of the next batch
	exit   error             // what Close returns
}

// Open opens the log in dir, which is made when missing, checks what it finds and
// takes the lock of the directory. It writes no segment: the first append does.
// Errors are ErrLocked, ErrVersion, wrong options and those of the file system;
// damage is none, see [Journal.Damage].
func Open(dir string, opts Options) (*Journal, error) {
	opts = opts.orDefault()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	if err := opts.FS.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	lock, err := opts.FS.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w", dir, err)
	}
	j := &Journal{
		opts: opts, dir: dir, lock: lock,
		wake: make(chan struct{}, 1), closing: make(chan struct{}), abort: make(chan struct{}), done: make(chan struct{}),
		room: make(chan struct{}), pending: new(batch), spare: new(batch),
		policies: policies{decide: opts.Policy},
	}
	j.notifier.wake = make(chan struct{}, 1)
	if err := j.recover(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("journal %s: %w", dir, err)
	}
	j.start = time.Now()
	go j.run()
	return j, nil
}

// recover reads what is on disk.
func (j *Journal) recover() error {
	segs, err := list(j.opts.FS, j.dir)
	if err != nil {
		return err
	}
	if err := checkVersions(segs); err != nil {
		return err
	}
	end, err := j.loadAll(segs)
	if err != nil {
		return err
	}
	if j.initial, err = loadStates(segs); err != nil {
		return err
	}
	j.states = maps.Clone(j.initial)
	j.end = max(end, j.opts.Floor)
	j.base = j.end + 1
	j.durable.Store(j.end)
	j.segments.Store(&segs)
	j.first = j.oldest()
	return nil
}

// loadAll loads the segments and returns the highest number found. What was read
// whole is fsynced, since a killed process leaves things that only the kernel has.
func (j *Journal) loadAll(segs []*segment) (end uint64, err error) {
	l := loader{report: j.damaged}
	var fresh []*segment
	var prev *segment
	for i, s := range segs {
		side, err := l.load(s, prev, i == len(segs)-1)
		if err != nil {
			return 0, err
		}
		if !side && s.size.Load() > 0 {
			if err := syncFile(s); err != nil {
				return 0, err
			}
			fresh = append(fresh, s)
		}
		if err := j.addDisk(s); err != nil {
			return 0, err
		}
		end = max(end, s.maxSeq)
		j.clock0 = max(j.clock0, time.Duration(max(s.clock, s.closed)))
		j.nextID = s.num
		prev = s
	}
	j.nextID++
	if len(segs) > 0 {
		if err := j.opts.FS.SyncDir(j.dir); err != nil {
			return 0, err
		}
	}
	j.closeUnended(segs)
	for _, s := range fresh {
		if !j.damage.in(s.name()) { // else the next start must see and say it too
			j.cache(s)
		}
	}
	return end, nil
}

// closeUnended gives segments that were not closed in order the latest time at which
// they may have ended, so that nothing expires early.
func (j *Journal) closeUnended(segs []*segment) {
	latest := int64(j.clock0)
	for i := len(segs) - 1; i >= 0; i-- {
		s := segs[i]
		if !s.ended {
			s.closed = latest
		}
		if s.size.Load() > 0 {
			latest = s.clock
		}
	}
}

func (j *Journal) addDisk(s *segment) error {
	info, err := stat(s.fs, s.path)
	if err != nil {
		return err
	}
	s.bytes = info.Size()
	j.disk += s.bytes
	return nil
}

// cache writes the sidecar of a sealed segment.
func (j *Journal) cache(s *segment) {
	if err := writeSidecar(s); err != nil {
		j.opts.Logger.Warn("journal: the index of a file was not kept; the next start takes longer", "file", s.name(), "error", err)
	}
}

// age is the age clock: time that brokers on this log have run.
func (j *Journal) age() time.Duration { return j.clock0 + time.Since(j.start) }

// First returns the oldest sequence number kept, End()+1 when nothing is.
func (j *Journal) First() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.first == 0 {
		return j.end + 1
	}
	return j.first
}

// End returns the newest sequence number given.
func (j *Journal) End() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.end
}

// Durable returns the newest sequence number that survives a crash.
func (j *Journal) Durable() uint64 { return j.durable.Load() }

// States calls fn with every state as it was found at start, in no order, until
// fn fails. fn must not keep or change state.
func (j *Journal) States(fn func(name string, state []byte) error) error {
	for name, state := range j.initial {
		if err := fn(name, state); err != nil {
			return err
		}
	}
	return nil
}

// Close refuses what comes, makes durable what was appended, tells who waits for it
// and releases the directory. With a full disk it waits for room. When ctx ends
// first it returns ctx's error and gives up as soon as it can. It must not be called
// from a function given to Notify or PutState. A second Close does nothing else but
// wait.
func (j *Journal) Close(ctx context.Context) error {
	j.once.Do(func() {
		j.mu.Lock()
		if j.failed == nil {
			j.failed = ErrClosed
		}
		j.freeRoom()
		j.mu.Unlock()
		close(j.closing)
	})
	select {
	case <-j.done:
		return j.exit
	case <-ctx.Done():
		j.giveUp.Do(func() { close(j.abort) })
		return fmt.Errorf("journal: closing: %w", errors.Join(ctx.Err(), context.Cause(ctx)))
	}
}
