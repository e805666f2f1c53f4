package journal

import (
	"errors"
	"io/fs"
	"math"
	"time"
)

// errHardCap is why Append refuses at the hard cap.
var errHardCap = errors.New("the hard cap is reached and retention must wait for the lake")

// tickInterval is how often retention looks.
func (j *Journal) tickInterval() time.Duration {
	return min(max(j.opts.RetentionAge/64, 10*time.Millisecond), time.Second)
}

// retain unlinks the oldest segments that are too old or too many and that the
// lake has passed, and those without entries anywhere. The states are in the
// newest snapshot, so segments before it are not needed for them.
func (j *Journal) retain() {
	j.mu.Lock()
	broken, disk := j.broken(), j.disk
	j.mu.Unlock()
	if broken {
		return
	}
	keep := uint64(math.MaxUint64)
	if j.opts.Keep != nil {
		keep = j.opts.Keep()
	}
	segs := *j.segments.Load()
	newest := 0
	for i, s := range segs {
		if s.snapshot {
			newest = i
		}
	}
	var kept, gone []*segment
	age, oldest := int64(j.age()), true
	for i, s := range segs {
		_, last, count := s.span()
		useless := count == 0 && !j.damage.in(s.name())
		expired := last <= keep && (age-s.closed > int64(j.opts.RetentionAge) || disk > j.opts.RetentionBytes)
		switch {
		case i < newest && (useless || oldest && expired):
			gone = append(gone, s)
			disk -= s.bytes
		default:
			oldest = false
			kept = append(kept, s)
		}
	}
	if len(gone) > 0 {
		j.unlink(kept, gone)
	}
}

// unlink removes files after the readers were told; who reads one now goes on.
func (j *Journal) unlink(kept, gone []*segment) {
	j.segments.Store(&kept)
	var freed int64
	for _, s := range gone {
		for _, name := range []string{s.path, s.sidecar()} {
			if err := j.opts.FS.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				j.opts.Logger.Error("journal: a file cannot be removed; it is not counted any more", "error", err)
			}
		}
		freed += s.bytes
		j.opts.Logger.Debug("journal: retention removed a file", "file", s.name(), "bytes", s.bytes)
	}
	if err := j.opts.FS.SyncDir(j.dir); err != nil {
		j.opts.Logger.Error("journal: removed files may come back after a crash", "error", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.disk -= freed
	j.capped = false
	j.first = j.oldest()
}

// oldest finds the oldest entry kept, 0 without any. The caller holds mu or is
// alone.
func (j *Journal) oldest() uint64 {
	for _, s := range *j.segments.Load() {
		if first, _, _ := s.span(); first != 0 {
			return first
		}
	}
	for _, b := range []*batch{j.inflight, j.pending} {
		if b != nil && b.first != 0 {
			return b.first
		}
	}
	return 0
}
