package main

import (
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/rembus-go/rembus/protocol"
)

// maxNesting leaves room for the array of the arguments and the message around
// them in the depth that brokers take.
var maxNesting = protocol.DefaultLimits().MaxDepth - 2

// argument returns one JSON value as an argument of a message or call: integers
// of up to 128 bits keep all their digits, objects the order of their members.
func argument(text string) (cbor.RawMessage, error) {
	if nesting(text) > maxNesting {
		return nil, fmt.Errorf("it is nested deeper than %d", maxNesting)
	}
	raw, err := protocol.NewPayload(protocol.JSON, []byte(text)).CBOR()
	if err != nil {
		return nil, fmt.Errorf("%s is not JSON%s", excerpt(text), quoteHint(text))
	}
	return raw, nil
}

// arguments does so with those of a command line.
func arguments(texts []string) ([]any, error) {
	args := make([]any, len(texts))
	for i, text := range texts {
		raw, err := argument(text)
		if err != nil {
			return nil, wrong("argument %d: %v", i+1, err)
		}
		args[i] = raw
	}
	return args, nil
}

// quoteHint helps who forgot the quotes of a text, or whose shell took them.
func quoteHint(text string) string {
	if text == "" || strings.ContainsAny(text, `"'{}[]\`) {
		return "; put single quotes around the whole, that the shell leaves it alone"
	}
	return fmt.Sprintf(`; a text needs quotes of its own: '"%s"'`, excerpt(text))
}

// excerpt is the beginning of what the user wrote.
func excerpt(text string) string {
	const most = 60
	shown := []rune(text[:min(len(text), 4*most)])
	if len(shown) > most || len(text) > 4*most {
		return clean(string(shown[:min(len(shown), most)])) + "…"
	}
	return clean(text)
}

// nesting is how deep arrays and objects go.
func nesting(text string) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}
