package protocol

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

var (
	errJSONCut     = fmt.Errorf("%w: JSON ends inside a value", ErrMalformed)
	errJSONSyntax  = fmt.Errorf("%w: JSON syntax", ErrMalformed)
	errJSONText    = fmt.Errorf("%w: JSON text is not valid UTF-8", ErrMalformed)
	errJSONDepth   = fmt.Errorf("%w: JSON nested too deeply", ErrMalformed)
	errJSONRest    = fmt.Errorf("%w: bytes after the JSON value", ErrMalformed)
	errJSONMembers = Errorf(StatusError, "JSON: an object has two members of one name")
	errJSONHalf    = Errorf(StatusError, "JSON: half of a surrogate pair")
	errJSONHuge    = Errorf(StatusError, "JSON: a number beyond the range of doubles")
)

// maxPlainNumber is how long an integer may be and still surely be in the range
// of doubles, in bytes.
const maxPlainNumber = 300

// jsonScanner checks JSON (RFC 8259) in one pass, stricter than the grammar: what
// some client would read differently or not at all is noted in refused. It
// allocates only for objects of many members and for escaped names.
type jsonScanner struct {
	buf     []byte
	pos     int
	depth   int  // levels that may still be opened
	low     int  // the smallest depth so far, for who resets it
	huge    bool // some number is beyond the range of doubles
	refused *Error
	names   []nameHash // of the members of all open objects, the innermost last
}

func (s *jsonScanner) refuse(err *Error) {
	if s.refused == nil {
		s.refused = err
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *jsonScanner) peek() byte {
	for ; s.pos < len(s.buf); s.pos++ {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// unexpected returns the error for a byte that does not belong here.
func (s *jsonScanner) unexpected() error {
	if s.pos >= len(s.buf) {
		return errJSONCut
	}
	return errJSONSyntax
}

// end checks that nothing but white space is left.
func (s *jsonScanner) end() error {
	if s.peek(); s.pos != len(s.buf) {
		return errJSONRest
	}
	return nil
}

// value checks one value of any kind.
func (s *jsonScanner) value() error {
	switch c := s.peek(); c {
	case '{':
		return s.object(nil)
	case '[':
		return s.array(nil)
	case '"':
		_, _, err := s.str()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			_, _, err := s.number()
			return err
		}
		return s.unexpected()
	}
}

func (s *jsonScanner) literal(word string) error {
	if rest := s.buf[s.pos:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		return errJSONSyntax
	}
	s.pos += len(word)
	return nil
}

// open steps over the bracket that begins an object or array.
func (s *jsonScanner) open() error {
	if s.depth <= 0 {
		return errJSONDepth
	}
	s.pos++
	s.depth--
	s.low = min(s.low, s.depth)
	return nil
}

// more moves on to the next item of an object or array; false says that there
// is none and the closing bracket was passed.
func (s *jsonScanner) more(first bool, closing byte) (bool, error) {
	c := s.peek()
	if c == closing {
		s.pos++
		s.depth++
		return false, nil
	}
	if first {
		return true, nil
	}
	if c != ',' {
		return false, s.unexpected()
	}
	s.pos++
	return true, nil
}

// array checks an array, having item read each item; nil only checks them.
func (s *jsonScanner) array(item func() error) error {
	if err := s.open(); err != nil {
		return err
	}
	if item == nil {
		item = s.value
	}
	for first := true; ; first = false {
		more, err := s.more(first, ']')
		if err != nil || !more {
			return err
		}
		if err := item(); err != nil {
			return err
		}
	}
}

// object checks an object, having member read each value; nil only checks them.
// The name is as it was written, between its quotes, unescaped.
func (s *jsonScanner) object(member func(name []byte) error) error {
	if err := s.open(); err != nil {
		return err
	}
	base := len(s.names)
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		name, err := s.name()
		if err != nil {
			return err
		}
		if member == nil {
			err = s.value()
		} else {
			err = member(name)
		}
		if err != nil {
			return err
		}
	}
	if duplicateNames(s.names[base:]) {
		s.refuse(errJSONMembers)
	}
	s.names = s.names[:base]
	return nil
}

// name reads the name of a member and the colon.
func (s *jsonScanner) name() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.unexpected()
	}
	name, escaped, err := s.str()
	if err != nil {
		return nil, err
	}
	if escaped {
		name = appendUnescaped(nil, name)
	}
	s.names = append(s.names, hashName(name))
	if s.peek() != ':' {
		return nil, s.unexpected()
	}
	s.pos++
	return name, nil
}

// str reads a string and returns what stands between the quotes.
func (s *jsonScanner) str() (text []byte, escaped bool, err error) {
	s.pos++
	start, ascii := s.pos, true
	for s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; {
		case c == '"':
			text = s.buf[start:s.pos]
			s.pos++
			if !ascii && !utf8.Valid(text) {
				return nil, false, errJSONText
			}
			return text, escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		case c < ' ':
			return nil, false, errJSONSyntax
		default:
			ascii = ascii && c < utf8.RuneSelf
			s.pos++
		}
	}
	return nil, false, errJSONCut
}

// escape checks an escape sequence, and that surrogates come in pairs.
func (s *jsonScanner) escape() error {
	if s.pos+1 >= len(s.buf) {
		return errJSONCut
	}
	switch s.buf[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		r := hexEscape(s.buf[s.pos:])
		if r < 0 {
			return errJSONSyntax
		}
		s.pos += 6
		if isSurrogate(r) {
			low := hexEscape(s.buf[s.pos:])
			if r >= lowSurrogate || low < lowSurrogate || !isSurrogate(low) {
				s.refuse(errJSONHalf)
				return nil
			}
			s.pos += 6
		}
		return nil
	}
	return errJSONSyntax
}

// number reads a number and says whether it was written as an integer.
func (s *jsonScanner) number() (text []byte, integer bool, err error) {
	start := s.pos
	if s.buf[s.pos] == '-' {
		s.pos++
	}
	switch {
	case s.digit() && s.buf[s.pos] == '0':
		s.pos++
	case s.digits() == 0:
		return nil, false, s.unexpected()
	}
	integer = true
	if s.pos < len(s.buf) && s.buf[s.pos] == '.' {
		integer = false
		s.pos++
		if s.digits() == 0 {
			return nil, false, s.unexpected()
		}
	}
	exponent := s.pos < len(s.buf) && s.buf[s.pos]|0x20 == 'e'
	if exponent {
		integer = false
		s.pos++
		if s.pos < len(s.buf) && (s.buf[s.pos] == '+' || s.buf[s.pos] == '-') {
			s.pos++
		}
		if s.digits() == 0 {
			return nil, false, s.unexpected()
		}
	}
	text = s.buf[start:s.pos]
	if exponent || len(text) > maxPlainNumber {
		if _, err := strconv.ParseFloat(string(text), 64); err != nil {
			s.huge = true
		}
	}
	return text, integer, nil
}

func (s *jsonScanner) digit() bool {
	return s.pos < len(s.buf) && s.buf[s.pos] >= '0' && s.buf[s.pos] <= '9'
}

// digits steps over a run of digits and returns its length.
func (s *jsonScanner) digits() int {
	start := s.pos
	for s.digit() {
		s.pos++
	}
	return s.pos - start
}
