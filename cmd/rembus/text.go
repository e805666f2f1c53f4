package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text from the network may hold what a terminal obeys: escape sequences, codes
// that move the cursor or turn the direction of writing. Nothing is printed but
// what is visible; the rest is escaped.

// clean returns s on one line, with what is not printable as \n, \t or \u001b.
func clean(s string) string { return escape(s, "") }

// lines does the same and leaves line feeds and tabs.
func lines(s string) string { return escape(s, "\n\t") }

func escape(s, except string) string {
	clean := func(r rune) bool { return r != utf8.RuneError && unicode.IsPrint(r) || strings.ContainsRune(except, r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	out := make([]byte, 0, len(s)+16)
	for _, r := range s {
		switch {
		case clean(r):
			out = utf8.AppendRune(out, r)
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r == '\r':
			out = append(out, `\r`...)
		default:
			out = appendEscaped(out, r)
		}
	}
	return string(out)
}

// safeJSON returns JSON on one line that means the same, with every character
// that is not printable escaped.
func safeJSON(raw []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(raw))
	if err := json.Compact(&b, raw); err != nil {
		return nil, err
	}
	compact := b.Bytes()
	if bytes.IndexFunc(compact, hidden) < 0 {
		return compact, nil
	}
	out := make([]byte, 0, len(compact)+16)
	for i := 0; i < len(compact); {
		r, n := utf8.DecodeRune(compact[i:])
		if hidden(r) {
			out = appendEscaped(out, r)
		} else {
			out = append(out, compact[i:i+n]...)
		}
		i += n
	}
	return out, nil
}

// hidden reports what is not printable. In compact JSON it stands only in texts.
func hidden(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// appendEscaped appends \uXXXX, as JSON writes it.
func appendEscaped(out []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return appendEscaped(appendEscaped(out, high), low)
	}
	return append(out, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// wide are the characters that take two columns of a terminal.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x231a, Hi: 0x231b, Stride: 1}, {Lo: 0x23e9, Hi: 0x23ec, Stride: 1},
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0x33ff, Stride: 1}, {Lo: 0x3400, Hi: 0x4dbf, Stride: 1},
		{Lo: 0x4e00, Hi: 0xa4cf, Stride: 1}, {Lo: 0xa960, Hi: 0xa97f, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, {Lo: 0xff01, Hi: 0xff60, Stride: 1},
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x17000, Hi: 0x18aff, Stride: 1}, {Lo: 0x1b000, Hi: 0x1b2ff, Stride: 1}, {Lo: 0x1f300, Hi: 0x1f64f, Stride: 1},
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1}, {Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, {Lo: 0x1fa70, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}

// width is how many columns of a terminal s takes, as far as can be known: of a
// text that [clean] returned.
func width(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me):
		case unicode.Is(wide, r):
			n += 2
		default:
			n++
		}
	}
	return n
}
