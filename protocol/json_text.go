package protocol

import (
	"encoding/base64"
	"unicode/utf16"
	"unicode/utf8"
)

const lowSurrogate = 0xdc00

func isSurrogate(r rune) bool { return r >= 0xd800 && r <= 0xdfff }

// hexEscape returns the code unit of the \uXXXX that b begins with, -1 if it
// begins with none.
func hexEscape(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// appendUnescaped appends the text that a JSON string stands for. The string was
// checked by a jsonScanner; half a surrogate pair becomes U+FFFD.
func appendUnescaped(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			i++
			continue
		}
		c := text[i+1]
		if c != 'u' {
			dst = append(dst, unescape(c))
			i += 2
			continue
		}
		r := hexEscape(text[i:])
		i += 6
		if isSurrogate(r) {
			if r = utf16.DecodeRune(r, hexEscape(text[i:])); r != utf8.RuneError {
				i += 6
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// unescape returns what the letter after a backslash stands for.
func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// jsonText returns the text of a checked JSON value; ok is false unless it is a
// string.
func jsonText(raw []byte) (text []byte, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return nil, false
	}
	text = raw[1 : len(raw)-1]
	for _, c := range text {
		if c == '\\' {
			return appendUnescaped(nil, text), true
		}
	}
	return text, true
}

// appendQuoted appends text as a JSON string. What is not valid UTF-8 becomes
// U+FFFD.
func appendQuoted[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, text)
	return append(dst, '"')
}

func appendEscaped[T string | []byte](dst []byte, text T) []byte {
	const hex = "0123456789abcdef"
	from := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := decodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, text[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, text[from:i]...)
		i++
		from = i
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(dst, text[from:]...)
}

func decodeRune[T string | []byte](text T) (rune, int) {
	// Four bytes hold any rune, and a string so short does not escape.
	return utf8.DecodeRuneInString(string(text[:min(len(text), utf8.UTFMax)]))
}

// appendBase64 appends b as a JSON string of standard base64 with padding.
func appendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}
