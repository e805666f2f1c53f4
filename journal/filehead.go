package journal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
)

const (
	fileMagic    = "rembusJ\n"
	fileVersion  = 1
	fileHeadSize = 48
)

// fileHead is the head of a segment.
type fileHead struct {
	mark    uint32 // never 0, so that zeros are no records
	base    uint64
	clock   int64
	created int64
}

// newMark returns the mark of a new file.
func newMark() uint32 {
	for {
		if m := rand.Uint32(); m != 0 {
			return m
		}
	}
}

func (h *fileHead) valid() bool {
	return h.mark != 0 && h.base != 0 && h.base <= lastSeq && h.clock >= 0 && h.clock <= lastClock
}

// appendTo appends the head as it stands in the file.
func (h *fileHead) appendTo(b []byte) []byte {
	at := len(b)
	b = append(b, fileMagic...)
	b = le.AppendUint32(b, fileVersion)
	b = le.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
	b = le.AppendUint32(b, h.mark)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint64(b, h.base)
	b = le.AppendUint64(b, uint64(h.clock))
	b = le.AppendUint64(b, uint64(h.created))
	le.PutUint32(b[at+20:], crc32.Update(h.mark, castagnoli, b[at+24:]))
	return b
}

// errHead says that a head is damaged or cut; never the reason to refuse.
var errHead = errors.New("journal: damaged file head")

// readFileHead reads the head of f. The error is errHead when it is damaged,
// ErrVersion when it is whole and from another version.
func readFileHead(f io.ReaderAt) (h fileHead, err error) {
	var b [fileHeadSize]byte
	if _, err := f.ReadAt(b[:], 0); errors.Is(err, io.EOF) {
		return h, errHead
	} else if err != nil {
		return h, err
	}
	if string(b[:8]) != fileMagic || le.Uint32(b[12:]) != crc32.Checksum(b[:12], castagnoli) {
		return h, errHead
	}
	if v := le.Uint32(b[8:]); v != fileVersion {
		return h, fmt.Errorf("%w %d, this program knows %d", ErrVersion, v, fileVersion)
	}
	h = fileHead{mark: le.Uint32(b[16:]), base: le.Uint64(b[24:]), clock: int64(le.Uint64(b[32:])), created: int64(le.Uint64(b[40:]))}
	if !h.valid() || le.Uint32(b[20:]) != crc32.Update(h.mark, castagnoli, b[24:]) {
		return h, errHead
	}
	return h, nil
}

// guessFileHead recovers a damaged head of a file of size bytes from the record
// that follows it, the begin of a snapshot, which repeats what matters.
func guessFileHead(f io.ReaderAt, size int64) (h fileHead, ok bool) {
	var b [4]byte
	if _, err := f.ReadAt(b[:], fileHeadSize); err != nil {
		return h, false
	}
	mark := le.Uint32(b[:])
	s := newScanner(f, mark, fileHeadSize, size)
	defer s.release()
	r, ok := s.head(fileHeadSize)
	h = fileHead{mark: mark, base: r.seq + 1, clock: r.time}
	return h, ok && r.kind == recBegin && h.valid()
}
