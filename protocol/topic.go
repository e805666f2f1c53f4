package protocol

// CheckTopic says whether a message may be published to topic, or a method be
// named so: valid UTF-8 without control characters, within the limits, no
// wildcard, no empty segment. The error is an *Error for the sender.
func CheckTopic(topic string, l Limits) error { return errStub }

// CheckName is the same for the name of a component.
func CheckName(name string, l Limits) error { return errStub }

// IsSpace reports whether a subscription to s is a space: holds a wildcard.
func IsSpace(s string) bool { return false }

// Space is a parsed topic space. The zero Space matches nothing. Safe for
// concurrent use.
type Space struct {
	pattern  string
	segments []string
}

// ParseSpace checks and parses a pattern with wildcards.
func ParseSpace(pattern string, l Limits) (Space, error) { return Space{}, errStub }

// Match reports whether the space holds topic, in time linear in their lengths.
func (s Space) Match(topic string) bool { return false }

// String returns the pattern.
func (s Space) String() string { return s.pattern }

// MatchSegment reports whether one pattern segment ("*", "s*", or plain text, not
// "**") matches one topic segment.
func MatchSegment(pattern, segment string) bool { return false }
