package protocol

import (
	"strings"
	"unicode/utf8"
)

// IsSpace reports whether a subscription to s is a space: holds a wildcard.
func IsSpace(s string) bool { return strings.IndexByte(s, '*') >= 0 }

// Space is a parsed topic space: the set of topics that a pattern stands for.
//
//   - "*" as a segment is exactly one non-empty segment.
//   - "**" as a segment is any number of segments, none included.
//   - "*" inside a segment ("s*", "a*z") is one or more characters there.
//   - The pattern "*" alone is every topic.
//   - A segment of a topic that contains "@" is sealed: no wildcard stands for
//     it, only the same text, also under "**" and the lone "*".
//
// The zero Space matches nothing. Safe for concurrent use.
type Space struct {
	pattern  string
	segments []string
}

// ParseSpace checks and parses a pattern with or without wildcards. A segment
// that has both "@" and "*" is refused: it could never match. The error is an
// *Error for the subscriber.
func ParseSpace(pattern string, l Limits) (Space, error) {
	if err := checkPath("topic space", pattern, l.OrDefault()); err != nil {
		return Space{}, err
	}
	if pattern == "*" {
		return Space{pattern: pattern, segments: []string{"**"}}, nil
	}
	segments := strings.Split(pattern, "/")
	for _, s := range segments {
		if isSealed(s) && IsSpace(s) {
			return Space{}, Errorf(StatusError, "topic space: wildcard in a segment sealed by @")
		}
	}
	return Space{pattern: pattern, segments: segments}, nil
}

// String returns the pattern.
func (s Space) String() string { return s.pattern }

// Match reports whether the space holds topic. It looks at each pair of pattern
// segment and topic segment at most once and allocates nothing.
func (s Space) Match(topic string) bool {
	if s.pattern == "" || topic == "" {
		return false
	}
	// Only the last "**" need ever be widened: what stands before it has
	// matched as far left as it can, and moving it right helps nobody. Sealed
	// segments do not change that, for each must meet its own literal twin.
	const none = -1
	var (
		next         int // pattern segment to match
		at           int // where in topic the next segment begins; len+1 after the last
		end          = len(topic) + 1
		star, resume = none, none // the last "**" and the topic segment that it takes next
	)
	for at < end {
		if next < len(s.segments) && s.segments[next] == "**" {
			next++
			star, resume = next, at
			continue
		}
		stop := segmentEnd(topic, at)
		if next < len(s.segments) && MatchSegment(s.segments[next], topic[at:stop]) {
			next, at = next+1, stop+1
			continue
		}
		if star == none {
			return false
		}
		stop = segmentEnd(topic, resume)
		if isSealed(topic[resume:stop]) {
			return false
		}
		resume = stop + 1
		next, at = star, resume
	}
	for next < len(s.segments) && s.segments[next] == "**" {
		next++
	}
	return next == len(s.segments)
}

// segmentEnd returns where the segment of topic that begins at from ends.
func segmentEnd(topic string, from int) int {
	if i := strings.IndexByte(topic[from:], '/'); i >= 0 {
		return from + i
	}
	return len(topic)
}

func isSealed(segment string) bool { return strings.IndexByte(segment, '@') >= 0 }

// MatchSegment reports whether one pattern segment ("*", "s*", or plain text, not
// "**") matches one topic segment, in time linear in their lengths.
func MatchSegment(pattern, segment string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == segment
	}
	if isSealed(segment) || !strings.HasPrefix(segment, head) {
		return false
	}
	// Each text between two stars is taken as far left as it is found, which
	// leaves the most for the rest; the text after the last star ends the segment.
	segment = segment[len(head):]
	for {
		_, size := utf8.DecodeRuneInString(segment) // what the star stands for, at least
		if size == 0 {
			return false
		}
		segment = segment[size:]
		text, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(segment, text)
		}
		i := strings.Index(segment, text)
		if i < 0 {
			return false
		}
		segment, rest = segment[i+len(text):], after
	}
}
