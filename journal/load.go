package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// list returns the segments of dir in order, not yet loaded.
func list(fsys FS, dir string) ([]*segment, error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, err
	}
	var segs []*segment
	for _, name := range names {
		if num, ok := segmentNum(name); ok {
			segs = append(segs, &segment{fs: fsys, path: filepath.Join(dir, name), num: num})
		}
	}
	slices.SortFunc(segs, func(a, b *segment) int {
		if a.num < b.num {
			return -1
		}
		return 1
	})
	return segs, nil
}

// checkVersions refuses segments of an unknown version before any is touched.
func checkVersions(segs []*segment) error {
	for _, s := range segs {
		f, err := s.fs.OpenFile(s.path, os.O_RDONLY)
		if errors.Is(err, fs.ErrNotExist) {
			continue // retention of the process that we look on at
		}
		if err != nil {
			return err
		}
		_, err = readFileHead(f)
		f.Close()
		if err != nil && !errors.Is(err, errHead) {
			return fmt.Errorf("%s: %w", s.path, err)
		}
	}
	return nil
}

// loader reads segments from disk.
type loader struct {
	report func(Damage)
	whole  bool // go through all files, whatever their sidecars say
}

// load reads s: from its sidecar when that fits (side true), else by going
// through all of it. prev is the segment before, if any; last says that none
// follows.
func (l *loader) load(s, prev *segment, last bool) (side bool, err error) {
	f, err := s.acquire()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, s.release()) }()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	size := info.Size()
	s.fileHead, err = readFileHead(f)
	switch {
	case err == nil:
	case !errors.Is(err, errHead):
		return false, fmt.Errorf("%s: %w", s.path, err)
	default:
		if !l.loadHead(s, f, size, prev, last) {
			return false, nil
		}
	}
	s.closed, s.maxSeq = s.clock, s.base-1
	if !l.whole && readSidecar(s, size, info.ModTime().UnixNano()) {
		return true, nil
	}
	return false, l.scan(s, f, size)
}

// loadHead recovers a damaged head. false: there is nothing to read in s.
func (l *loader) loadHead(s *segment, f File, size int64, prev *segment, last bool) bool {
	h, ok := guessFileHead(f, size)
	if ok {
		s.fileHead = h
		l.report(Damage{File: s.name(), Bytes: fileHeadSize, After: h.base - 1, Before: h.base})
		return true
	}
	s.base = 1
	if prev != nil {
		s.base, s.clock, s.closed = prev.maxSeq+1, prev.closed, prev.closed
	}
	s.maxSeq = s.base - 1
	if size > 0 {
		// the head is on disk before anything that counts, so a last file without
		// any record never counted
		l.report(Damage{File: s.name(), Bytes: size, After: s.base - 1, Cut: last || size < fileHeadSize})
	}
	return false
}

// scan goes through all records of s. Ranges without a valid record that touch
// one another are one; the one at the end is what a crash cut off, if s was not
// closed.
func (l *loader) scan(s *segment, f File, size int64) error {
	sc := newScanner(f, s.mark, fileHeadSize, size)
	defer sc.release()
	sc.after = s.base - 1
	var bad *Damage
	sc.gap = func(d Damage) {
		if bad == nil {
			bad = &d
			return
		}
		bad.Bytes, bad.Before = d.Offset+d.Bytes-bad.Offset, d.Before
	}
	x := newIndexer(s)
	end, holes := int64(fileHeadSize), 0
	for r, ok := sc.next(); ok; r, ok = sc.next() {
		if _, _, ok := sc.data(&r); !ok {
			continue
		}
		if bad != nil {
			l.report(s.place(*bad))
			bad, holes = nil, holes+1
		}
		end = r.offset + int64(r.length)
		if r.kind != recSnap || holes == 0 {
			x.add(&r, r.offset, r.names)
		}
	}
	s.maxSeq = max(s.maxSeq, sc.after) // also of entries whose data is bad
	s.size.Store(end)
	if bad != nil && sc.err == nil {
		bad.Before = 0
		l.report(s.place(*bad))
	}
	return sc.err
}

// loadStates returns the latest states on disk.
func loadStates(segs []*segment) (map[string][]byte, error) {
	states := make(map[string][]byte)
	start := 0
	for i, s := range segs {
		if s.snapshot {
			start = i
		}
	}
	for _, s := range segs[start:] {
		if err := addStates(s, states); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func addStates(s *segment, states map[string][]byte) (err error) {
	if s.size.Load() == 0 {
		return nil // without a head
	}
	f, err := s.acquire()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.release()) }()
	sc := newScanner(f, s.mark, fileHeadSize, s.size.Load())
	defer sc.release()
	for r, ok := sc.next(); ok; r, ok = sc.next() {
		switch r.kind {
		case recState:
			if data, _, ok := sc.data(&r); ok {
				states[string(r.names[:r.from])] = slices.Clone(data)
			}
		case recGone:
			delete(states, string(r.names[:r.from]))
		}
	}
	return sc.err
}

// syncFile makes all of a segment durable.
func syncFile(s *segment) error {
	f, err := s.fs.OpenFile(s.path, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
