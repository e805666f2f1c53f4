package protocol

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// The major types of CBOR (RFC 8949 section 3.1).
const (
	majorUint   = 0
	majorNegint = 1
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	majorMap    = 5
	majorTag    = 6
	majorSimple = 7
)

const (
	cborFalse     = 0xf4
	cborTrue      = 0xf5
	cborNull      = 0xf6
	cborUndefined = 0xf7
	cborFloat16   = 0xf9
	cborFloat32   = 0xfa
	cborFloat64   = 0xfb
	cborBreak     = 0xff
)

var (
	errCut      = fmt.Errorf("%w: CBOR ends inside a value", ErrMalformed)
	errHead     = fmt.Errorf("%w: reserved CBOR head", ErrMalformed)
	errTrailing = fmt.Errorf("%w: bytes after the CBOR value", ErrMalformed)
	errDepth    = fmt.Errorf("%w: CBOR nested too deeply", ErrMalformed)
)

// head is the first part of a data item: |major:3|info:5| and the argument of
// 0, 1, 2, 4 or 8 bytes that info announces.
type head struct {
	arg   uint64
	major byte
	info  byte
}

// indefinite reports a string, array or map that is ended by a break, and the
// break itself.
func (h head) indefinite() bool { return h.info == 31 }

// minimal reports whether the head has the only width that a canonical encoder
// gives it.
func (h head) minimal() bool {
	switch h.info {
	case 24:
		return h.arg >= 24
	case 25:
		return h.arg > 0xff
	case 26:
		return h.arg > 0xffff
	case 27:
		return h.arg > 0xffffffff
	}
	return h.info != 31
}

// readHead reads the head at pos and returns where its content starts.
func readHead(b []byte, pos int) (h head, next int, err error) {
	if pos >= len(b) {
		return h, pos, errCut
	}
	h.major, h.info = b[pos]>>5, b[pos]&31
	pos++
	if h.info < 24 {
		h.arg = uint64(h.info)
		return h, pos, nil
	}
	rest := b[pos:]
	switch h.info {
	case 24:
		if len(rest) < 1 {
			return h, pos, errCut
		}
		h.arg = uint64(rest[0])
		if h.major == majorSimple && h.arg < 32 {
			return h, pos, errHead
		}
		return h, pos + 1, nil
	case 25:
		if len(rest) < 2 {
			return h, pos, errCut
		}
		h.arg = uint64(binary.BigEndian.Uint16(rest))
		return h, pos + 2, nil
	case 26:
		if len(rest) < 4 {
			return h, pos, errCut
		}
		h.arg = uint64(binary.BigEndian.Uint32(rest))
		return h, pos + 4, nil
	case 27:
		if len(rest) < 8 {
			return h, pos, errCut
		}
		h.arg = binary.BigEndian.Uint64(rest)
		return h, pos + 8, nil
	case 31:
		if h.major == majorUint || h.major == majorNegint || h.major == majorTag {
			return h, pos, errHead
		}
		return h, pos, nil
	}
	return h, pos, errHead
}

// scanner checks that CBOR is well-formed, in one pass and without allocating.
type scanner struct {
	buf     []byte
	badText bool // some text is no valid UTF-8: well-formed, but not valid
	oddTag  bool // there is a tag that stands for no Go type
	tagged  bool // there is a tag
}

// value checks the value at pos, which may nest depth levels, and returns its
// end.
func (s *scanner) value(pos, depth int) (end int, err error) {
	h, pos, err := readHead(s.buf, pos)
	if err != nil {
		return pos, err
	}
	switch h.major {
	case majorBytes, majorText:
		if h.indefinite() {
			return s.chunks(pos, h.major)
		}
		return s.str(pos, h)
	case majorArray, majorMap, majorTag:
		if depth <= 0 {
			return pos, errDepth
		}
		return s.nested(pos, depth-1, h)
	case majorSimple:
		if h.indefinite() {
			return pos, errHead
		}
	}
	return pos, nil
}

// str checks a string of definite length.
func (s *scanner) str(pos int, h head) (end int, err error) {
	if h.arg > uint64(len(s.buf)-pos) {
		return pos, errCut
	}
	end = pos + int(h.arg)
	if h.major == majorText && !utf8.Valid(s.buf[pos:end]) {
		s.badText = true
	}
	return end, nil
}

// chunks checks the definite strings that make up an indefinite one.
func (s *scanner) chunks(pos int, major byte) (end int, err error) {
	for {
		h, next, err := readHead(s.buf, pos)
		if err != nil {
			return next, err
		}
		if h.major == majorSimple && h.indefinite() {
			return next, nil
		}
		if h.major != major || h.indefinite() {
			return next, errHead
		}
		if pos, err = s.str(next, h); err != nil {
			return pos, err
		}
	}
}

// nested checks what is inside an array, a map or a tag.
func (s *scanner) nested(pos, depth int, h head) (end int, err error) {
	if h.indefinite() {
		return s.untilBreak(pos, depth, h.major)
	}
	n := uint64(1)
	left := uint64(len(s.buf) - pos)
	switch h.major {
	case majorArray:
		n = h.arg
	case majorMap:
		if h.arg > left/2 {
			return pos, errCut
		}
		n = 2 * h.arg
	case majorTag:
		s.tagged = true
		s.oddTag = s.oddTag || !hasGoType(h.arg)
	}
	if n > left {
		return pos, errCut
	}
	for ; n > 0; n-- {
		if pos, err = s.value(pos, depth); err != nil {
			return pos, err
		}
	}
	return pos, nil
}

func (s *scanner) untilBreak(pos, depth int, major byte) (end int, err error) {
	for n := 0; ; n++ {
		if pos < len(s.buf) && s.buf[pos] == cborBreak {
			if major == majorMap && n%2 == 1 {
				return pos, errHead
			}
			return pos + 1, nil
		}
		if pos, err = s.value(pos, depth); err != nil {
			return pos, err
		}
	}
}

// checkCBOR says whether b is exactly one well-formed value that nests at most
// depth levels. Text that is not UTF-8 is well-formed; valid tells of it.
func checkCBOR(b []byte, depth int) (valid bool, err error) {
	s := scanner{buf: b}
	end, err := s.value(0, depth)
	if err == nil && end != len(b) {
		err = errTrailing
	}
	return err == nil && !s.badText, err
}
