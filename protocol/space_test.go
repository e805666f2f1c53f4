package protocol

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustSpace(t testing.TB, pattern string) Space {
	t.Helper()
	s, err := ParseSpace(pattern, Limits{})
	if err != nil {
		t.Fatalf("ParseSpace(%q): %v", pattern, err)
	}
	return s
}

// The rules of protocol.md, "Topic spaces", by example.
func TestSpaceMatch(t *testing.T) {
	tests := []struct {
		rule, pattern string
		match, miss   []string
	}{
		{"plain text", "a/b", []string{"a/b"}, []string{"a", "a/b/c", "a/", "/a/b", "A/b"}},
		{"* is one segment", "k/*/y", []string{"k/e/y", "k/é/y"}, []string{"k/y", "k/e/f/y", "k/e/yy"}},
		{"* is a non-empty segment", "a/*", []string{"a/b"}, []string{"a/", "a", "a/b/c"}},
		{"** is any number", "a/**/b", []string{"a/b", "a/x/b", "a/x/y/b", "a/b/b"}, []string{"axxb", "a/x", "b", "a/bb"}},
		{"** at the front", "**/t", []string{"t", "a/t", "a/b/t"}, []string{"at", "t/a"}},
		{"** at the end", "a/**", []string{"a", "a/b", "a/b/c"}, []string{"ab", "b/a"}},
		{"** alone", "**", []string{"a", "a/b/c"}, nil},
		{"* alone is every topic", "*", []string{"a", "a/b/c"}, []string{"a@b", "a/b@c", ""}},
		{"* inside a segment", "s*/t", []string{"sx/t", "sxyz/t", "sé/t"}, []string{"s/t", "s//t", "sx/y/t", "xs/t"}},
		{"* in the middle of a segment", "a*z", []string{"abz", "azz", "abcz"}, []string{"az", "abzc", "bz"}},
		{"each * inside is a character", "a*b*c", []string{"axbxc", "abbcc", "axbbc"}, []string{"abc", "abxc", "axbc"}},
		{"* takes whole characters", "a**", []string{"abc", "aéé"}, []string{"aé", "ab", "a"}},
		{"@ seals against *", "a/*/c", nil, []string{"a/b@/c", "a/@/c"}},
		{"@ seals against **", "a/**", []string{"a/b"}, []string{"a/@b", "a/b/c@d", "a/b@/c"}},
		{"@ seals against ** in between", "**/z", []string{"z"}, []string{"x@y/z"}},
		{"@ seals against s*", "s*", []string{"sab"}, []string{"sa@b", "s@"}},
		{"@ matches the same text", "a/x@y/*", []string{"a/x@y/b"}, []string{"a/x@z/b", "a/x/b"}},
		{"@ between two **", "**/x@y/**", []string{"x@y", "a/x@y", "a/x@y/b/c"}, []string{"x@y/x@y", "a/b"}},
		{"empty segments", "a/**/b", []string{"a//b"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			s := mustSpace(t, tt.pattern)
			for _, topic := range tt.match {
				if !s.Match(topic) {
					t.Errorf("%q does not match %q", tt.pattern, topic)
				}
			}
			for _, topic := range tt.miss {
				if s.Match(topic) {
					t.Errorf("%q matches %q", tt.pattern, topic)
				}
			}
		})
	}
}

func TestParseSpaceRefuses(t *testing.T) {
	for name, pattern := range map[string]string{
		"empty":                   "",
		"NUL":                     "a/\x00*",
		"bad UTF-8":               "a/\xff/*",
		"too long":                strings.Repeat("a", 1023) + "/*",
		"too many segments":       strings.Repeat("*/", 64) + "*",
		"wildcard beside a seal":  "a/x@*/b",
		"line feed in a wildcard": "a*\n",
	} {
		if s, err := ParseSpace(pattern, Limits{}); err == nil {
			t.Errorf("%s: ParseSpace(%q) = %v, want an error", name, pattern, s)
		}
	}
	if (Space{}).Match("a") {
		t.Error("the zero Space matches")
	}
}

// modelMatch is the rule of topic spaces written down as directly as possible,
// and exponential.
func modelMatch(pattern, topic string) bool {
	if pattern == "*" {
		pattern = "**"
	}
	return modelSegments(strings.Split(pattern, "/"), strings.Split(topic, "/"))
}

func modelSegments(pattern, topic []string) bool {
	if len(pattern) == 0 {
		return len(topic) == 0
	}
	if pattern[0] == "**" {
		if modelSegments(pattern[1:], topic) {
			return true
		}
		return len(topic) > 0 && !strings.Contains(topic[0], "@") && modelSegments(pattern, topic[1:])
	}
	return len(topic) > 0 && modelSegment(pattern[0], topic[0]) && modelSegments(pattern[1:], topic[1:])
}

func modelSegment(pattern, segment string) bool {
	if strings.Contains(segment, "@") {
		return pattern == segment
	}
	return modelRunes([]rune(pattern), []rune(segment))
}

func modelRunes(pattern, text []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case len(text) == 0:
		return false
	case pattern[0] == '*':
		return modelRunes(pattern[1:], text[1:]) || modelRunes(pattern, text[1:])
	}
	return pattern[0] == text[0] && modelRunes(pattern[1:], text[1:])
}

func TestSpaceMatchModel(t *testing.T) {
	segment := rapid.StringOfN(rapid.SampledFrom([]rune("aab*é@")), 0, 5, -1)
	topicSegment := rapid.StringOfN(rapid.SampledFrom([]rune("aaabé")), 0, 5, -1)
	sealed := rapid.SampledFrom([]string{"@", "a@", "a@b"})
	patterns := rapid.SliceOfN(rapid.OneOf(rapid.Just("**"), rapid.Just("*"), segment, sealed), 1, 7)
	topics := rapid.SliceOfN(rapid.OneOf(topicSegment, topicSegment, sealed), 1, 8)
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(patterns.Draw(t, "pattern"), "/")
		s, err := ParseSpace(pattern, Limits{})
		if err != nil {
			t.Skip("no pattern")
		}
		topic := strings.Join(topics.Draw(t, "topic"), "/")
		if topic == "" {
			t.Skip("no topic")
		}
		if got, want := s.Match(topic), modelMatch(pattern, topic); got != want {
			t.Fatalf("%q matches %q: %v, the model says %v", pattern, topic, got, want)
		}
	})
}

// The server's trie matches segment by segment with MatchSegment.
func TestMatchSegmentModel(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("aabé@*")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		pattern, segment := text.Draw(t, "pattern"), text.Draw(t, "segment")
		want := modelSegment(pattern, segment)
		if got := MatchSegment(pattern, segment); got != want {
			t.Fatalf("MatchSegment(%q, %q) = %v, the model says %v", pattern, segment, got, want)
		}
	})
}

// Fault 49: with backtracking, each of these takes longer than the universe is
// old; one of them would run into the deadline of go test.
func TestFault49WildcardsAreLinear(t *testing.T) {
	wide := Limits{MaxTopic: 1 << 20, MaxSegments: 1 << 18}
	long := strings.Repeat("a", 1<<16)
	stars := strings.Repeat("*a", 1<<12)
	path := strings.Repeat("a/", 1<<10)
	for _, tt := range []struct {
		name, pattern, topic string
		want                 bool
	}{
		{"**/**/… to the end", strings.Repeat("**/", 1<<10) + "**", path + "a", true},
		{"**/**/… and a miss", strings.Repeat("**/", 1<<10) + "b", path + "a", false},
		{"**/a/**/a/… and a miss", strings.Repeat("**/a/", 1<<9) + "b", path + "a", false},
		{"**/*/**/*/… and a miss", strings.Repeat("**/*/", 1<<9) + "b", path + "a", false},
		{"*a*a… hit", stars, long, true},
		{"*a*a… and a miss", stars + "b", long, false},
		{"*a*a… in each segment", "**/" + strings.Repeat("*a", 100) + "b/**", strings.Repeat(strings.Repeat("a", 300)+"/", 200) + "x", false},
		{"stars alone", strings.Repeat("*", 1<<12) + "b", long, false},
	} {
		s, err := ParseSpace(tt.pattern, wide)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := s.Match(tt.topic); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSpaceMatchDoesNotAllocate(t *testing.T) {
	s := mustSpace(t, "plant/**/te*p/*")
	if n := testing.AllocsPerRun(100, func() { s.Match("plant/hall/1/temp/celsius") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzSpace(f *testing.F) {
	for _, seed := range [][2]string{
		{"a/**/b", "a/b"}, {"*", "x@y"}, {"**/**/**", "a/b/c"}, {"*a*a*a", "aaaa"}, {"s*/t", "sx/t"}, {"**/x@y/**", "a/x@y"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, topic string) {
		s, err := ParseSpace(pattern, Limits{})
		if err != nil {
			return
		}
		got := s.Match(topic)
		if s.String() != pattern {
			t.Errorf("String() = %q, want %q", s.String(), pattern)
		}
		if !IsSpace(pattern) && got != (pattern == topic) {
			t.Errorf("%q without a wildcard matches %q: %v", pattern, topic, got)
		}
		// The model is exponential: only where that does not hurt.
		if topic != "" && strings.Count(pattern, "*") <= 6 && len(topic) <= 40 && CheckTopic(topic, Limits{}) == nil {
			if want := modelMatch(pattern, topic); got != want {
				t.Errorf("%q matches %q: %v, the model says %v", pattern, topic, got, want)
			}
		}
	})
}

func BenchmarkSpaceMatch(b *testing.B) {
	s := mustSpace(b, "plant/**/temp/*")
	for b.Loop() {
		s.Match("plant/hall/1/temp/celsius")
	}
}
