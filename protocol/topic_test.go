package protocol

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckTopic(t *testing.T) {
	for _, topic := range []string{
		"a", "a/b", "a.b/c", "é/温度", "/leading", "a//b", "trailing/", "_one", "a/__b",
		strings.Repeat("a", 1024), strings.Repeat("a/", 63) + "a", "x@y/z",
	} {
		if err := CheckTopic(topic, Limits{}); err != nil {
			t.Errorf("CheckTopic(%q): %v", topic, err)
		}
	}
}

// Faults 31 and 41: nothing of this may be published to.
func TestFault31And41TopicRefused(t *testing.T) {
	for name, topic := range map[string]string{
		"empty":             "",
		"CR":                "a\rb",
		"LF":                "a\nb",
		"NUL":               "a\x00b",
		"DEL":               "a\x7f",
		"C1 control":        "a\u0085b",
		"bad UTF-8":         "a\xffb",
		"cut UTF-8":         "a\xc3",
		"surrogate":         "a\xed\xa0\x80",
		"1025 bytes":        strings.Repeat("a", 1025),
		"65 segments":       strings.Repeat("a/", 64) + "a",
		"*":                 "*",
		"**":                "**",
		"wildcard segment":  "a/*/b",
		"partial wildcard":  "a*",
		"reserved config":   "__config__",
		"reserved identity": "__identity__",
		"reserved leaving":  "__unregister__",
		"reserved path":     "__x/y",
	} {
		var refusal *Error
		if err := CheckTopic(topic, Limits{}); !errors.As(err, &refusal) {
			t.Errorf("%s: CheckTopic(%q) = %v, want an *Error", name, topic, err)
		} else if strings.ContainsAny(refusal.Text, "\r\n\x00") || len(refusal.Text) > 80 {
			t.Errorf("%s: the refusal repeats the topic: %q", name, refusal.Text)
		}
	}
	if err := CheckTopic("ab", Limits{MaxTopic: 1}); err == nil {
		t.Error("a configured limit is not kept")
	}
}

func TestFault31NameRefused(t *testing.T) {
	for name, c := range map[string]string{
		"empty": "", "NUL": "a\x00", "CR": "\r", "LF": "a\nb", "bad UTF-8": "\xc0\x80", "129 bytes": strings.Repeat("n", 129),
	} {
		if err := CheckName(c, Limits{}); err == nil {
			t.Errorf("%s: CheckName(%q) accepts it", name, c)
		}
	}
}

// Fault 35: names are text; what makes files of them escapes them.
func TestFault35NamesAreText(t *testing.T) {
	for _, name := range []string{"../x", "/etc/x", "a/b.tenant", "A", "a", "été", strings.Repeat("n", 128)} {
		if err := CheckName(name, Limits{}); err != nil {
			t.Errorf("CheckName(%q): %v", name, err)
		}
	}
}

func TestIsSpace(t *testing.T) {
	for s, want := range map[string]bool{"a/b": false, "": false, "*": true, "a/**": true, "s*t": true} {
		if IsSpace(s) != want {
			t.Errorf("IsSpace(%q) = %v", s, !want)
		}
	}
}
