package journal

import (
	"errors"
	"hash/crc32"
	"io"
	"os"

	"github.com/fxamacker/cbor/v2"
)

// sidecar is the index of a sealed segment as it stands beside it: CBOR, then the
// CRC-32C of that. It is a cache and never synced; what does not check is made
// again.
type sidecar struct {
	_        struct{} `cbor:",toarray"`
	Version  int
	Mark     uint32 // of the segment that it belongs to
	Bytes    int64  // of the segment's file when it was written
	Modified int64  // time of the segment's file then, so that whoever changed it makes us look
	Base     uint64
	Size     int64
	Closed   int64
	Snapshot bool
	Ended    bool
	MaxSeq   uint64
	First    uint64
	Last     uint64
	Count    uint64
	Many     bool
	Points   []point
	Topics   []string
}

const (
	sidecarVersion = 1
	maxSidecar     = 16 << 20
)

// writeSidecar keeps the index of a sealed segment. An error only costs time at
// the next start.
func writeSidecar(s *segment) (err error) {
	info, err := stat(s.fs, s.path)
	if err != nil {
		return err
	}
	s.mu.RLock()
	side := sidecar{
		Version: sidecarVersion, Mark: s.mark, Bytes: info.Size(), Modified: info.ModTime().UnixNano(),
		Base: s.base, Size: s.size.Load(), Closed: s.closed,
		Snapshot: s.snapshot, Ended: s.ended, MaxSeq: s.maxSeq,
		First: s.first, Last: s.last, Count: s.count, Many: s.many, Points: s.points, Topics: s.topics,
	}
	s.mu.RUnlock()
	b, err := cbor.Marshal(side)
	if err != nil {
		return err
	}
	b = le.AppendUint32(b, crc32.Checksum(b, castagnoli))
	f, err := s.fs.OpenFile(s.sidecar(), os.O_CREATE|os.O_TRUNC|os.O_RDWR)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	return errors.Join(err, f.Close())
}

// readSidecar fills s from its sidecar; false when there is none that fits.
func readSidecar(s *segment, bytes, modified int64) bool {
	b, err := readFile(s.fs, s.sidecar(), maxSidecar)
	if err != nil {
		return false
	}
	side, ok := parseSidecar(b)
	if !ok || side.Mark != s.mark || side.Bytes != bytes || side.Modified != modified || side.Size > bytes || side.Base != s.base {
		return false
	}
	s.size.Store(side.Size)
	s.closed, s.snapshot, s.ended, s.maxSeq = side.Closed, side.Snapshot, side.Ended, side.MaxSeq
	s.first, s.last, s.count = side.First, side.Last, side.Count
	s.many, s.points, s.topics = side.Many, side.Points, side.Topics
	return true
}

func parseSidecar(b []byte) (side sidecar, ok bool) {
	n := len(b) - 4
	if n < 0 || le.Uint32(b[n:]) != crc32.Checksum(b[:n], castagnoli) {
		return side, false
	}
	err := cbor.Unmarshal(b[:n], &side)
	return side, err == nil && side.Version == sidecarVersion && side.sound()
}

// sound reports whether nothing in it can lead a reader out of the segment.
func (side *sidecar) sound() bool {
	last := int64(fileHeadSize)
	for _, p := range side.Points {
		if p.Offset < last || p.Offset >= side.Size {
			return false
		}
		last = p.Offset
	}
	return side.Size >= fileHeadSize && side.Base > 0 && max(side.MaxSeq, side.Base, side.Last) <= lastSeq && side.Closed >= 0 && side.Closed <= lastClock
}

// readFile reads a whole file of at most limit bytes.
func readFile(fsys FS, name string, limit int64) (b []byte, err error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, ErrTooLarge
	}
	b = make([]byte, info.Size())
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

func stat(fsys FS, name string) (os.FileInfo, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}
