package guard

import (
	"strings"
	"unicode/utf8"
)

// What DuckDB's parser may be asked. It cannot be interrupted, and there are texts of
// a few hundred bytes of which it makes trees without end.
const (
	maxTokens   = 10_000
	maxBrackets = 64     // nesting
	maxCopies   = 20_000 // tokens that the parser repeats
	maxCube     = 8      // terms of a CUBE, which stands for 2^n sets of columns
	maxRollup   = 64     // of a ROLLUP or GROUPING SETS
)

// scan looks at the tokens of a text before DuckDB's parser does.
type scan struct {
	what     string
	tokens   int
	depth    int // of brackets
	previous string
	cases    []caseScan
	copies   int
	named    int // uses of a window that is defined elsewhere
	sets     int // grouping sets seen
	terms    int // of the grouping sets that are open
	most     int // terms allowed
	setsAt   int // depth outside of them
}

// caseScan is a CASE that has no END yet. Its subject, what stands between CASE and
// the first WHEN, is repeated by the parser for each WHEN; with a CASE in the subject
// of a CASE, and so on, the tree grows by powers.
type caseScan struct {
	start   int // tokens and copies before it
	subject int // tokens, with copies
	whens   int
}

func checkLength(what string, length, most int) error {
	if length > most {
		return refuse("%s has %d bytes, %d are allowed", what, length, most)
	}
	return nil
}

// checkText refuses what is not looked at any further.
func checkText(what, text string, most int) error {
	if err := checkLength(what, len(text), most); err != nil {
		return err
	}
	switch {
	case strings.ContainsRune(text, 0):
		return refuse("%s holds a NUL", what)
	case !utf8.ValidString(text):
		return refuse("%s is not UTF-8", what)
	case strings.TrimSpace(text) == "":
		return refuse("%s is empty", what)
	}
	s := &scan{what: what}
	for rest := text; rest != ""; {
		n, quoted := token(rest)
		t := rest[:n]
		rest = rest[n:]
		if t[0] <= ' ' || isComment(t) {
			continue
		}
		if quoted {
			t = "'"
		}
		if err := s.token(strings.ToLower(t)); err != nil {
			return err
		}
	}
	return nil
}

// token takes one token in lower case; that of a text or quoted name is a quote.
func (s *scan) token(t string) error {
	if s.tokens++; s.tokens > maxTokens {
		return refuse("%s has more than %d words and signs", s.what, maxTokens)
	}
	previous := s.previous
	s.previous = t
	switch t {
	case "(", "[", "{":
		if s.depth++; s.depth > maxBrackets {
			return refuse("%s nests deeper than %d brackets", s.what, maxBrackets)
		}
		return s.grouping(previous)
	case ")", "]", "}":
		s.depth--
		if s.most > 0 && s.depth <= s.setsAt {
			s.most = 0
		}
	case ",":
		if s.most > 0 {
			if s.terms++; s.terms > s.most {
				return refuse("more than %d terms of grouping sets", s.most)
			}
		}
	case "pivot", "unpivot", "pivot_wider", "pivot_longer", "summarize":
		return refuse("%s is not allowed", strings.ToUpper(t))
	case "case":
		s.cases = append(s.cases, caseScan{start: s.tokens + s.copies})
	case "when":
		if n := len(s.cases); n > 0 {
			c := &s.cases[n-1]
			if c.whens++; c.whens == 1 {
				c.subject = s.tokens + s.copies - c.start - 1
			}
		}
	case "end":
		return s.end()
	}
	if previous == "over" && t != "(" {
		if s.named++; s.named*s.tokens > maxCopies*4 {
			return refuse("too many uses of named windows: write them in OVER (…)")
		}
	}
	return nil
}

// end is that of a CASE.
func (s *scan) end() error {
	n := len(s.cases)
	if n == 0 {
		return nil
	}
	c := s.cases[n-1]
	s.cases = s.cases[:n-1]
	if s.copies += c.whens * c.subject; s.copies > maxCopies {
		return refuse("the subjects of CASE are too long: write CASE WHEN … instead")
	}
	return nil
}

// grouping takes note of a bracket after the word previous.
func (s *scan) grouping(previous string) error {
	most := maxRollup
	switch previous {
	case "cube":
		most = maxCube
	case "rollup", "sets":
	default:
		return nil
	}
	if s.sets++; s.sets > 1 {
		return refuse("more than one CUBE, ROLLUP or GROUPING SETS")
	}
	s.most, s.terms, s.setsAt = most, 1, s.depth-1
	return nil
}

// token returns the length of the first token of text, comments and runs of blanks
// being tokens too, and whether it is a quoted text or name.
func token(text string) (n int, quoted bool) {
	c := text[0]
	switch {
	case c <= ' ':
		return span(text, func(c byte) bool { return c <= ' ' }), false
	case strings.HasPrefix(text, "--"):
		if n := strings.IndexAny(text, "\r\n"); n >= 0 {
			return n, false
		}
		return len(text), false
	case strings.HasPrefix(text, "/*"):
		return comment(text), false
	case c == '\'' || c == '"':
		return quote(text, 0, false), true
	case (c == 'e' || c == 'E') && strings.HasPrefix(text[1:], "'"):
		return quote(text, 1, true), true
	case c == '$':
		return dollar(text)
	case isWord(c):
		return span(text, isWord), false
	}
	return 1, false
}

func isComment(t string) bool { return strings.HasPrefix(t, "--") || strings.HasPrefix(t, "/*") }

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func span(text string, in func(byte) bool) int {
	n := 0
	for n < len(text) && in(text[n]) {
		n++
	}
	return n
}

// comment returns the length of a comment, in which others may nest.
func comment(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(text[i:], "*/"):
			i++
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// quote returns the length of what is quoted from text[at] on. The quote itself is
// written twice, or after a backslash where that is one.
func quote(text string, at int, backslash bool) int {
	mark := text[at]
	for i := at + 1; i < len(text); i++ {
		switch {
		case backslash && text[i] == '\\':
			i++
		case text[i] == mark && i+1 < len(text) && text[i+1] == mark:
			i++
		case text[i] == mark:
			return i + 1
		}
	}
	return len(text)
}

// dollar returns the length of $tag$…$tag$, or of a parameter.
func dollar(text string) (n int, quoted bool) {
	n = 1 + span(text[1:], isWord)
	if n == len(text) || text[n] != '$' || n > 1 && '0' <= text[1] && text[1] <= '9' {
		return n, false
	}
	tag := text[:n+1]
	if end := strings.Index(text[len(tag):], tag); end >= 0 {
		return len(tag) + end + len(tag), true
	}
	return len(text), true
}
