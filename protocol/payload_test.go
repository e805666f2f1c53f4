package protocol

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

func hexes(args []RawValue) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = string(a)
	}
	return strings.Join(parts, "|")
}

func TestArgs(t *testing.T) {
	for name, c := range map[string]struct {
		enc  Encoding
		raw  string
		want string // the arguments, separated by |
		n    int
	}{
		"null":                     {CBOR, "\xf6", "", 0},
		"undefined":                {CBOR, "\xf7", "", 0},
		"none":                     {CBOR, "\x80", "", 0},
		"two":                      {CBOR, "\x82\x01\x61a", "\x01|\x61a", 2},
		"wide head":                {CBOR, "\x99\x00\x02\x01\x02", "\x01|\x02", 2},
		"indefinite":               {CBOR, "\x9f\x01\x9f\x02\xff\xff", "\x01|\x9f\x02\xff", 2},
		"indefinite, none":         {CBOR, "\x9f\xff", "", 0},
		"one value":                {CBOR, "\x18\x2a", "\x18\x2a", 1},
		"one map":                  {CBOR, "\xa1\x61a\x01", "\xa1\x61a\x01", 1},
		"one DataFrame":            {CBOR, "\xd8\x50\x41x", "\xd8\x50\x41x", 1},
		"Julia integers keep 64":   {CBOR, "\x81\x1b\x00\x00\x00\x00\x00\x00\x00\x01", "\x1b\x00\x00\x00\x00\x00\x00\x00\x01", 1},
		"Julia direct":             {CBOR, "\xd8\x1b\x83\x6bJulia/Tuple\x41x\x82\x01\x02", "\x01|\x02", 2},
		"Julia direct, indefinite": {CBOR, "\xd8\x1b\x9f\x6bJulia/Tuple\x41x\x9f\x01\x02\xff\xff", "\x01|\x02", 2},
		"Julia object of a type":   {CBOR, "\xd8\x1b\x83\x67Julia/A\x41x\x81\x01", "\xd8\x1b\x83\x67Julia/A\x41x\x81\x01", 1},
		"tag 27 of two":            {CBOR, "\xd8\x1b\x82\x6bJulia/Tuple\x81\x01", "\xd8\x1b\x82\x6bJulia/Tuple\x81\x01", 1},
		"tag 27 in tag 27":         {CBOR, "\xd8\x1b\xd8\x1b\x80", "\xd8\x1b\xd8\x1b\x80", 1},
		"records that refer to each other": {CBOR,
			"\x82\xd9\xdf\xff\x83\x19\xe0\x00\x81\x61x\x01\xd9\xe0\x00\x81\x02", "\xa1\x61x\x01|\xa1\x61x\x02", 2},
		"JSON":           {JSON, `[1,"a"]`, "\x01|\x61a", 2},
		"JSON null":      {JSON, ` null `, "", 0},
		"JSON one value": {JSON, `{"a":1}`, "\xa1\x61a\x01", 1},
	} {
		t.Run(name, func(t *testing.T) {
			args, err := NewPayload(c.enc, []byte(c.raw)).Args()
			if err != nil {
				t.Fatal(err)
			}
			if len(args) != c.n || hexes(args) != c.want {
				t.Errorf("got %d: %x, want %d: %x", len(args), hexes(args), c.n, c.want)
			}
		})
	}
	if args, err := (*Payload)(nil).Args(); err != nil || len(args) != 0 {
		t.Errorf("no payload has arguments %x, %v", args, err)
	}
	many := append(appendHead(nil, majorArray, maxArgs+1), make([]byte, maxArgs+1)...)
	if _, err := NewPayload(CBOR, many).Args(); err == nil {
		t.Error("too many arguments are taken apart")
	}
}

// TestPrepend is the splice of topic spaces: the real topic, then the published
// arguments with their bytes untouched.
func TestPrepend(t *testing.T) {
	for name, c := range map[string]struct {
		enc       Encoding
		raw, want string
	}{
		"null":           {CBOR, "\xf6", "\x81\x63k/e"},
		"no arguments":   {CBOR, "\x80", "\x81\x63k/e"},
		"array":          {CBOR, "\x82\x19\x00\x01\x02", "\x83\x63k/e\x19\x00\x01\x02"},
		"23 arguments":   {CBOR, "\x97" + strings.Repeat("\x01", 23), "\x98\x18\x63k/e" + strings.Repeat("\x01", 23)},
		"indefinite":     {CBOR, "\x9f\x01\x02\xff", "\x83\x63k/e\x01\x02"},
		"one value":      {CBOR, "\x61v", "\x82\x63k/e\x61v"},
		"one map":        {CBOR, "\xb9\x00\x01\x61a\x01", "\x82\x63k/e\xb9\x00\x01\x61a\x01"},
		"DataFrame":      {CBOR, "\xd8\x50\x41x", "\x82\x63k/e\xd8\x50\x41x"},
		"tuple of Julia": {CBOR, "\xd8\x1b\x83\x6bJulia/Tuple\x41x\x82\x01\x02", "\x83\x63k/e\x01\x02"},
		"JSON null":      {JSON, "null", `["k/e"]`},
		"JSON none":      {JSON, " [ ] ", `["k/e"]`},
		"JSON array":     {JSON, `[1.50, {"a" : 2}]`, `["k/e",1.50, {"a" : 2}]`},
		"JSON value":     {JSON, `{"a" : 1e2}`, `["k/e",{"a" : 1e2}]`},
		"JSON text":      {JSON, `"v"`, `["k/e","v"]`},
	} {
		t.Run(name, func(t *testing.T) {
			before := NewPayload(c.enc, []byte(c.raw))
			p := before.Prepend("k/e")
			if p.Encoding() != c.enc || string(p.Raw()) != c.want {
				t.Errorf("got %s %q, want %q", p.Encoding(), p.Raw(), c.want)
			}
			if string(before.Raw()) != c.raw {
				t.Error("the published payload was changed")
			}
		})
	}
	if got := (*Payload)(nil).Prepend("k/e").Raw(); string(got) != "\x81\x63k/e" {
		t.Errorf("no payload gives %x", got)
	}
	if got := NewPayload(JSON, []byte("[1]")).Prepend(`a"\é`).Raw(); string(got) != `["a\"\\é",1]` {
		t.Errorf("got %s", got)
	}
}

func TestPayloadOfNothing(t *testing.T) {
	var p *Payload
	raw, err := p.CBOR()
	text, err2 := p.JSON()
	if err != nil || err2 != nil || string(raw) != "\xf6" || string(text) != "null" {
		t.Errorf("CBOR %x %v, JSON %s %v", raw, err, text, err2)
	}
	if !p.IsNull() || p.Size() != 0 || p.Encoding() != CBOR {
		t.Error("a nil payload is not null")
	}
	var v any = 5
	if err := p.Decode(&v); err != nil || v != nil {
		t.Errorf("decodes to %v, %v", v, err)
	}
	for raw, want := range map[string]bool{"\xf6": true, "\xf7": true, "\x80": false, "\x00": false} {
		if got := NewPayload(CBOR, []byte(raw)).IsNull(); got != want {
			t.Errorf("IsNull of %x is %v", raw, got)
		}
	}
	if !NewPayload(JSON, []byte(" null\n")).IsNull() || NewPayload(JSON, []byte(`"null"`)).IsNull() {
		t.Error("IsNull of JSON")
	}
}

// TestPayloadConvertsOnce: whoever needs the other encoding shares it.
func TestPayloadSharesTheOtherEncoding(t *testing.T) {
	for _, p := range []*Payload{NewPayload(CBOR, []byte("\x82\x01\x61a")), NewPayload(JSON, []byte(`[1,"a"]`))} {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				raw, err := p.CBOR()
				text, err2 := p.JSON()
				if err != nil || err2 != nil || string(raw) != "\x82\x01\x61a" || string(text) != `[1,"a"]` {
					t.Errorf("%x %v, %s %v", raw, err, text, err2)
				}
			})
		}
		wg.Wait()
		one, _ := p.converted(nil)
		two, _ := p.converted(nil)
		if &one[0] != &two[0] {
			t.Error("converted twice")
		}
	}
	bad := NewPayload(CBOR, []byte("\xa2\x01\x01\x611\x02"))
	for range 2 {
		if text, err := bad.JSON(); err == nil {
			t.Errorf("two equal keys became %s", text)
		}
	}
	if _, err := bad.converted(nil); err == nil {
		t.Error("what failed is tried again")
	}
}

func TestTextPayload(t *testing.T) {
	for _, s := range []string{"", "why", strings.Repeat("ü", 500)} {
		var got string
		if err := TextPayload(s).Decode(&got); err != nil || got != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
	}
}

// TestDecodedBytesAreCopies: what a handler decodes may be changed by it.
func TestDecodedBytesAreCopies(t *testing.T) {
	raw := []byte("\x82\x42ab\xa1\x61k\x42cd")
	before := bytes.Clone(raw)
	var v any
	if err := RawValue(raw).Decode(&v); err != nil {
		t.Fatal(err)
	}
	list := v.([]any)
	list[0].([]byte)[0] = 'x'
	list[1].(map[string]any)["k"].([]byte)[0] = 'x'
	if !bytes.Equal(raw, before) {
		t.Error("the message was changed")
	}
}
