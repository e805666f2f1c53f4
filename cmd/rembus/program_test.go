package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// TestAnswer: JSON is a value, anything else a text, what is no text bytes.
func TestAnswer(t *testing.T) {
	for printed, want := range map[string]any{
		"":                       nil,
		" \n":                    nil,
		"1\n":                    cbor.RawMessage{1},
		"  \"a\"\n":              cbor.RawMessage("\x61a"),
		"1 2\n":                  "1 2",
		" two\n words\r\n":       " two\n words",
		"\xff\n":                 []byte("\xff\n"),
		strings.Repeat("[", 40):  strings.Repeat("[", 40),
		`{"a": NaN}`:             `{"a": NaN}`,
		"[1]\n":                  cbor.RawMessage{0x81, 1},
		"null\n":                 cbor.RawMessage{0xf6},
		"\"unfinished\nstring\n": "\"unfinished\nstring",
	} {
		if got := answer([]byte(printed)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %#v, want %#v", printed, got, want)
		}
	}
}

// TestHead: the command is stopped at the bound, and no more is kept.
func TestHead(t *testing.T) {
	stopped := 0
	h := &head{max: 5, full: func() { stopped++ }}
	for _, b := range []string{"abc", "de", "f", "g"} {
		if n, err := h.Write([]byte(b)); n != len(b) || err != nil {
			t.Fatal(n, err)
		}
	}
	if h.String() != "abcde" || !h.over || stopped == 0 {
		t.Errorf("kept %q, over %v, stopped %d times", h.String(), h.over, stopped)
	}
}

// TestTail keeps the end, and no half of a character.
func TestTail(t *testing.T) {
	w := &tail{max: 4}
	for _, b := range []string{"abcdef", "é", "é"} {
		if n, err := w.Write([]byte(b)); n != len(b) || err != nil {
			t.Fatal(n, err)
		}
	}
	if w.String() != "…éé" {
		t.Errorf("got %q", w.String())
	}
	if _, err := w.Write([]byte("x")); err != nil || w.String() != "…éx" {
		t.Errorf("got %q", w.String())
	}
	short := &tail{max: 10}
	if _, err := short.Write([]byte("all\n")); err != nil || short.String() != "all" {
		t.Errorf("got %q", short.String())
	}
}
