package schema

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/protocol"
)

// The model of the mapping: what a message becomes, said in the plainest way, with
// the accepted table for single values. It shares no code with what it checks.

// modelColumn is a column, and how its table fills it.
type modelColumn struct {
	name     string
	typ      Type
	nullable bool
	fallback string // name of the sample that is its default, "" for none
	variable bool   // of both topics
	key      bool
}

// modelForm is one message: none, a map by column, or values by position; all by
// the names of samples, "" for null.
type modelForm struct {
	json   bool
	fields map[string]string // nil: none, or positional
	values []string
	topic  string // the text of each variable
}

// topicValues is what the texts that topics have here mean.
func topicValues(typ Type, text string) (any, bool) {
	five := map[Type]any{
		Text: "5", Blob: []byte("5"), TinyInt: int8(5), UTinyInt: uint8(5), SmallInt: int16(5), USmallInt: uint16(5), Integer: int32(5), UInteger: uint32(5), BigInt: int64(5), UBigInt: uint64(5),
		HugeInt: big.NewInt(5), UHugeInt: big.NewInt(5), Float: float32(5), Double: 5.0, Decimal: int64(5000), Timestamp: time.Unix(5, 0).UTC(), TimestampTZ: time.Unix(5, 0).UTC(), JSON: "5",
	}
	yes := map[Type]any{Text: "true", Blob: []byte("true"), Boolean: true, JSON: "true"}
	values := yes
	if text == "5" {
		values = five
	}
	v, ok := values[typ]
	return v, ok
}

func modelValue(c modelColumn, sample string, inJSON bool) (any, bool) {
	if sample == "" {
		return nil, c.nullable && !c.key
	}
	if s, isText := samples[sample].(string); isText && inJSON && c.typ == Blob {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			if b, err := e.DecodeString(s); err == nil {
				return b, true
			}
		}
		return nil, false
	}
	v, ok := accepted[c.typ][sample]
	return v, ok
}

// modelRow returns the values for some columns, ok false when the message is
// refused.
func modelRow(columns []modelColumn, f modelForm) (row []any, ok bool) {
	if f.values != nil && len(f.values) != len(columns) {
		return nil, false
	}
	for i, c := range columns {
		var v any
		sample, found := f.fields[c.name]
		switch {
		case f.values != nil:
			v, ok = modelValue(c, f.values[i], f.json)
		case found:
			v, ok = modelValue(c, sample, f.json)
		case c.variable:
			v, ok = topicValues(c.typ, f.topic)
		case c.fallback != "":
			v, ok = modelValue(c, c.fallback, true)
		default:
			v, ok = nil, c.nullable && !c.key
		}
		if !ok {
			return nil, false
		}
		row = append(row, v)
	}
	return row, true
}

// onWire are the samples that arrive as they are in CBOR, and in JSON.
func onWire(inJSON bool) []string {
	var names []string
	for name, v := range samples {
		if p, err := encodeAs(inJSON, v); err == nil {
			var back any
			args, err := p.Args()
			if err == nil && len(args) == 1 && args[0].Decode(&back) == nil && same(back, v) {
				names = append(names, name)
			}
		}
	}
	sort.Strings(names)
	return append(names, "")
}

func encodeAs(inJSON bool, args ...any) (*protocol.Payload, error) {
	if !inJSON {
		return protocol.EncodeArgs(args...)
	}
	raw, err := json.Marshal(append([]any{}, args...))
	return protocol.NewPayload(protocol.JSON, raw), err
}

// TestModel compares rows and keys with the model: random tables of all types,
// messages of all forms in both encodings.
func TestModel(t *testing.T) {
	wire := map[bool][]string{false: onWire(false), true: onWire(true)}
	if len(wire[false]) < 50 || len(wire[true]) < 40 {
		t.Fatalf("%d samples in CBOR, %d in JSON", len(wire[false]), len(wire[true]))
	}
	rapid.Check(t, func(t *rapid.T) {
		columns := drawColumns(t, wire[true])
		s, err := Parse([]byte(modelSchema(columns)))
		if err != nil {
			t.Fatal(err)
		}
		var keys []modelColumn
		for _, c := range columns {
			if c.key {
				keys = append(keys, c)
			}
		}
		for range 10 {
			f := drawForm(t, columns, keys, wire)
			check(t, s, "rows", f, columns, (*Table).Row)
			if len(keys) > 0 {
				check(t, s, "delete", f, keys, (*Table).Key)
			}
		}
	})
}

func check(t *rapid.T, s *Schema, kind string, f modelForm, columns []modelColumn, convert func(*Table, *protocol.Entry, Vars) (Row, error)) {
	args := []any{}
	for _, sample := range f.values {
		args = append(args, samples[sample])
	}
	if f.fields != nil {
		m := map[string]any{"other": true}
		for column, sample := range f.fields {
			m[column] = samples[sample]
		}
		args = append(args, m)
	}
	p, err := encodeAs(f.json, args...)
	if err != nil {
		t.Fatal(err)
	}
	topic := "model/" + kind + strings.Repeat("/"+f.topic, variables(s.Tables[0]))
	table, vars := s.Match(topic)
	if table == nil || vars.Deletes() != (kind == "delete") {
		t.Fatalf("%s: %v, %v", topic, table, vars)
	}
	got, err := convert(table, &protocol.Entry{Msg: protocol.NewPub(topic, p)}, vars)
	want, ok := modelRow(columns, f)
	if (err == nil) != ok || err == nil && !slices.EqualFunc(got, want, same) {
		t.Fatalf("%s of %+v\ncolumns %+v\ngot  %v, %v\nwant %v, %v", kind, f, columns, got, err, want, ok)
	}
}

func variables(t *Table) int { return strings.Count(t.Topic, ":") }

func drawColumns(t *rapid.T, defaults []string) []modelColumn {
	columns := make([]modelColumn, rapid.IntRange(1, 5).Draw(t, "columns"))
	for i := range columns {
		c := modelColumn{
			name: fmt.Sprintf("c%d", i), typ: rapid.SampledFrom(Types).Draw(t, "type"), nullable: rapid.Bool().Draw(t, "nullable"),
			variable: rapid.Bool().Draw(t, "variable"), key: rapid.Bool().Draw(t, "key"),
		}
		if rapid.Bool().Draw(t, "default") {
			name := rapid.SampledFrom(defaults).Draw(t, "sample")
			if _, ok := modelValue(c, name, true); ok && name != "" {
				c.fallback = name
			}
		}
		columns[i] = c
	}
	return columns
}

func modelSchema(columns []modelColumn) string {
	var cols, keys []string
	variables := ""
	for _, c := range columns {
		col := fmt.Sprintf(`{"col": %q, "type": %q, "nullable": %v`, c.name, c.typ, c.nullable)
		if c.fallback != "" {
			text, _ := json.Marshal(samples[c.fallback])
			col += `, "default": ` + string(text)
		}
		cols = append(cols, col+"}")
		if c.variable {
			variables += "/:" + c.name
		}
		if c.key {
			keys = append(keys, fmt.Sprintf("%q", c.name))
		}
	}
	return fmt.Sprintf(`{"tables": [{"table": "t", "topic": "model/rows%s", "delete_topic": "model/delete%s", "columns": [%s], "keys": [%s]}]}`,
		variables, variables, strings.Join(cols, ","), strings.Join(keys, ","))
}

func drawForm(t *rapid.T, columns, keys []modelColumn, wire map[bool][]string) modelForm {
	f := modelForm{json: rapid.Bool().Draw(t, "json"), topic: rapid.SampledFrom([]string{"5", "true"}).Draw(t, "text")}
	// Half of the values are ones that the column takes, so that whole rows are.
	value := func(c modelColumn) string {
		good := slices.DeleteFunc(slices.Clone(wire[f.json]), func(name string) bool { _, ok := modelValue(c, name, f.json); return !ok })
		if len(good) > 0 && rapid.IntRange(0, 9).Draw(t, "good") > 0 {
			return rapid.SampledFrom(good).Draw(t, "value")
		}
		return rapid.SampledFrom(wire[f.json]).Draw(t, "any value")
	}
	switch rapid.SampledFrom([]string{"none", "map", "position", "keys", "number"}).Draw(t, "form") {
	case "map":
		f.fields = map[string]string{}
		for _, c := range columns {
			if rapid.Bool().Draw(t, "present") {
				f.fields[c.name] = value(c)
			}
		}
	case "position":
		for _, c := range columns {
			f.values = append(f.values, value(c))
		}
	case "keys":
		for _, c := range keys {
			f.values = append(f.values, value(c))
		}
	case "number":
		for range rapid.IntRange(2, 6).Draw(t, "length") {
			f.values = append(f.values, "127")
		}
	}
	if len(f.values) == 1 && (f.values[0] == "map" || f.values[0] == "frame") {
		f.values = nil // these are forms of their own
	}
	return f
}
