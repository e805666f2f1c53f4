package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxNesting is the deepest nesting that is read; a schema needs five levels.
const maxNesting = 32

// node is one JSON value and where it stands in the text.
type node struct {
	at      int // byte offset
	value   any // nil, bool, string, int64, uint64, *big.Int, float64; for the others see below
	members []member
	items   []*node
	kind    kind
}

type kind uint8

const (
	scalar kind = iota
	object
	array
)

type member struct {
	at    int // of the key
	key   string
	value *node
}

// any returns the value as decoding would give it.
func (n *node) any() any {
	switch n.kind {
	case object:
		m := make(map[string]any, len(n.members))
		for _, f := range n.members {
			m[f.key] = f.value.any()
		}
		return m
	case array:
		list := make([]any, len(n.items))
		for i := range n.items {
			list[i] = n.items[i].any()
		}
		return list
	}
	return n.value
}

// errSyntax ends reading; the problem has been reported.
var errSyntax = errors.New("syntax error")

// reader reads JSON text with positions, and reports what is no JSON and keys
// that come twice.
type reader struct {
	*report
	dec *json.Decoder
}

// read returns the document, or nil when it is no JSON.
func read(r *report) *node {
	if i := invalidUTF8(r.src); i >= 0 {
		r.add(i, "", "not UTF-8 from here on; save the file as UTF-8")
		return nil
	}
	if len(bytes.TrimSpace(r.src)) == 0 {
		r.add(0, "", `the file is empty; it must hold {"tables": [...]}`)
		return nil
	}
	d := &reader{report: r, dec: json.NewDecoder(bytes.NewReader(r.src))}
	d.dec.UseNumber()
	root, err := d.value(0, "", 0)
	if err != nil {
		return nil
	}
	if at := d.start(0); at < len(r.src) {
		r.add(at, "", "the document ends before this; remove the rest")
		return nil
	}
	return root
}

func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		c, n := utf8.DecodeRune(src[i:])
		if c == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

// start returns the offset of the next token, when separator (0: none) is to
// come before it.
func (d *reader) start(separator byte) int {
	at := int(d.dec.InputOffset())
	at = skipSpace(d.src, at)
	if separator != 0 && at < len(d.src) && d.src[at] == separator {
		at = skipSpace(d.src, at+1)
	}
	return at
}

func skipSpace(src []byte, at int) int {
	for at < len(src) && strings.IndexByte(" \t\r\n", src[at]) >= 0 {
		at++
	}
	return at
}

// lastByte returns the last byte that is no space, 0 for none.
func lastByte(src []byte) byte {
	src = bytes.TrimRight(src, " \t\r\n")
	if len(src) == 0 {
		return 0
	}
	return src[len(src)-1]
}

// token returns the next token and its offset.
func (d *reader) token(separator byte, path string) (json.Token, int, error) {
	at := d.start(separator)
	tok, err := d.dec.Token()
	if err == nil {
		return tok, at, nil
	}
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		d.add(len(d.src), path, "the file ends in the middle; a closing bracket or quote is missing")
	case at < len(d.src) && (d.src[at] == '}' || d.src[at] == ']') && lastByte(d.src[:at]) == ',':
		d.add(at, path, "syntax error: remove the comma before this %q", d.src[at])
	case at < len(d.src) && d.src[at] == '/':
		d.add(at, path, "syntax error: JSON has no comments")
	case path == "" && separator == 0 && d.src[at] != '{':
		d.add(at, path, `a schema is JSON and begins with {"tables": [`)
	case errors.As(err, &syntax):
		d.add(at, path, "syntax error: %s", syntax)
	default:
		d.add(at, path, "syntax error: %s", quote(err.Error()))
	}
	return nil, at, errSyntax
}

func (d *reader) value(separator byte, path string, depth int) (*node, error) {
	tok, at, err := d.token(separator, path)
	if err != nil {
		return nil, err
	}
	n := &node{at: at}
	switch tok := tok.(type) {
	case json.Delim:
		if depth == maxNesting {
			d.add(at, path, "nested too deep")
			return nil, errSyntax
		}
		if tok == '{' {
			n.kind = object
			return n, d.object(n, path, depth)
		}
		n.kind = array
		return n, d.array(n, path, depth)
	case json.Number:
		var ok bool
		if n.value, ok = number(tok.String()); !ok {
			d.add(at, path, "the number %s is out of range", quote(tok.String()))
		}
	default:
		n.value = tok
	}
	return n, nil
}

func (d *reader) object(n *node, path string, depth int) error {
	seen := map[string]bool{}
	for separator := byte(0); d.dec.More(); separator = ',' {
		tok, at, err := d.token(separator, path)
		if err != nil {
			return err
		}
		key := tok.(string) // the decoder admits no other token here
		inside := join(path, key)
		if seen[key] {
			d.add(at, inside, "the key %s comes twice; remove one", quote(key))
		}
		v, err := d.value(':', inside, depth+1)
		if err != nil {
			return err
		}
		if !seen[key] {
			n.members = append(n.members, member{at, key, v})
		}
		seen[key] = true
	}
	_, _, err := d.token(',', path)
	return err
}

func (d *reader) array(n *node, path string, depth int) error {
	for separator := byte(0); d.dec.More(); separator = ',' {
		v, err := d.value(separator, path+"["+strconv.Itoa(len(n.items))+"]", depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, v)
	}
	_, _, err := d.token(',', path)
	return err
}

func join(path, key string) string {
	if path == "" {
		return plain(key)
	}
	return path + "." + plain(key)
}

// number returns the value of a JSON number: an integer unless it has a
// fraction or an exponent.
func number(s string) (any, bool) {
	const longest = 64 // of an integer; no column type holds as much
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i, true
		}
		if len(s) > longest {
			return nil, false
		}
		return new(big.Int).SetString(s, 10)
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
