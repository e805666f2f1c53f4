package protocol

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckTopic says whether a message may be published to topic, or a method be
// named so: not empty, valid UTF-8 without control characters, within
// [Limits].MaxTopic bytes and [Limits].MaxSegments segments, without the wildcard
// "*", and not a reserved name, which begins with two underscores
// ("__config__", "__identity__"). Empty segments ("/a", "a//b") are allowed, for
// programs and MQTT devices use them; no "*" stands for them. The error is an
// *Error for the sender.
func CheckTopic(topic string, l Limits) error {
	if err := checkPath("topic", topic, l.OrDefault()); err != nil {
		return err
	}
	if IsSpace(topic) {
		return Errorf(StatusError, "topic: holds the wildcard *")
	}
	if strings.HasPrefix(topic, "__") {
		return Errorf(StatusError, "topic: names that begin with __ are reserved")
	}
	return nil
}

// CheckName is the same for the name of a component: not empty, valid UTF-8
// without control characters, within [Limits].MaxName bytes. Anything else is
// allowed, "../x" and "a/b" too: a name is text, not a path. Who makes a file
// name of it escapes it.
func CheckName(name string, l Limits) error {
	if name == "" {
		return Errorf(StatusError, "name: empty")
	}
	return checkText("name", name, l.OrDefault().MaxName)
}

// checkPath holds what topics and patterns have in common.
func checkPath(what, s string, l Limits) error {
	if s == "" {
		return Errorf(StatusError, "%s: empty", what)
	}
	if err := checkText(what, s, l.MaxTopic); err != nil {
		return err
	}
	if strings.Count(s, "/") >= l.MaxSegments {
		return Errorf(StatusError, "%s: more than %d segments", what, l.MaxSegments)
	}
	return nil
}

// checkText refuses what must not get into logs, keys and frames of other
// components, whatever it is used for. It does not repeat s, which is hostile.
func checkText(what, s string, max int) error {
	if len(s) > max {
		return Errorf(StatusError, "%s: longer than %d bytes", what, max)
	}
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return Errorf(StatusError, "%s: holds a control character", what)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return Errorf(StatusError, "%s: not valid UTF-8", what)
		}
		if unicode.IsControl(r) {
			return Errorf(StatusError, "%s: holds a control character", what)
		}
		i += size
	}
	return nil
}
