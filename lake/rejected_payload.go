package lake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/protocol"
)

const (
	mostPayload = 64 << 10  // bytes of JSON in the table
	mostConvert = 256 << 10 // bytes of a message that is made JSON
)

// messageText returns the data of a message as JSON; what is longer than
// mostPayload or has no JSON as an object that says so: {"bytes", "start"} with the
// beginning of the JSON, or {"bytes", "base64"} with that of the message.
func messageText(p *protocol.Payload) (text string) {
	defer func() {
		if recover() != nil {
			text = rawText(p)
		}
	}()
	if p.Size() > mostConvert {
		return rawText(p)
	}
	data, err := p.JSON()
	if err != nil || !json.Valid(data) {
		return rawText(p)
	}
	return bounded(data)
}

// bounded returns JSON that is short enough.
func bounded(data []byte) string {
	if len(data) <= mostPayload {
		return string(data)
	}
	const start = mostPayload/2 - 100 // quotes and backslashes double
	return object(len(data), "start", strings.ToValidUTF8(string(data[:start]), ""))
}

func rawText(p *protocol.Payload) string {
	raw := p.Raw()
	const start = mostPayload/4*3 - 300
	return object(len(raw), "base64", base64.StdEncoding.EncodeToString(raw[:min(len(raw), start)]))
}

func object(size int, key, text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(map[string]any{"bytes": size, key: text}) != nil {
		return "null"
	}
	return strings.TrimSpace(b.String())
}

// rowTexts returns what gives a row of a DataFrame or an upsert as JSON, by the names
// of its columns.
func (c *change) rowTexts() func(i int) any {
	none := func(int) any { return nil }
	if c.frame == nil {
		return none
	}
	f, err := arrowipc.Decode(c.frame, arrowipc.Limits{})
	if err != nil {
		return none
	}
	return func(i int) (text any) {
		defer func() {
			if recover() != nil {
				text = nil
			}
		}()
		row := make(map[string]any, f.Schema.NumFields())
		for _, b := range f.Batches {
			if n := int(b.NumRows()); i >= n {
				i -= n
				continue
			}
			for col, field := range f.Schema.Fields() {
				v, err := arrowipc.Value(b.Column(col), i)
				if err != nil {
					v = nil
				}
				row[field.Name] = v
			}
			break
		}
		p, err := protocol.EncodeValue(row)
		if err != nil {
			return nil
		}
		return messageText(p)
	}
}
