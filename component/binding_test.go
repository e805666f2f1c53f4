package component_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// Whatever arguments come for whatever parameters: an answer, and it is OK,
// arguments or exception; never a panic outside, never a call with other values.
func TestAnyArgumentsForAnyParameters(t *testing.T) {
	c, p := newScript(t).attach("meter")
	type nested struct {
		Name string
		List []int8
	}
	for name, fn := range map[string]any{
		"ints":   func(a int8, b uint16, c int64) []any { return []any{a, b, c} },
		"floats": func(a float32, b float64) []any { return []any{a, b} },
		"texts":  func(a string, b []byte) []any { return []any{a, b} },
		"struct": func(n nested, q *nested) []any { return []any{n, q} },
		"maps":   func(m map[string]any, n map[string][]float64) []any { return []any{m, n} },
		"any":    func(v ...any) []any { return v },
		"frames": func(df protocol.DataFrame, v component.Value) component.Value { return v },
	} {
		must(t, c.Expose(t.Context(), name, fn))
	}
	leaf := rapid.OneOf(
		rapid.Int64().AsAny(), rapid.Float64().AsAny(), rapid.String().AsAny(), rapid.Bool().AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(), rapid.Just[any](nil), rapid.Uint64().AsAny(),
		rapid.MapOf(rapid.String(), rapid.Int()).AsAny(), rapid.SliceOf(rapid.Float64()).AsAny(),
		rapid.Just[any](protocol.DataFrame("x")), rapid.Just[any](map[string]any{"Name": "n", "List": []any{1, 300}}),
	)
	rapid.Check(t, func(rt *rapid.T) {
		method := rapid.SampledFrom([]string{"ints", "floats", "texts", "struct", "maps", "any", "frames"}).Draw(rt, "method")
		list := rapid.SliceOfN(leaf, 0, 4).Draw(rt, "args")
		data, err := protocol.EncodeArgs(list...)
		if err != nil {
			rt.Skip("not CBOR")
		}
		p.send(&protocol.Message{Type: protocol.RPC, ID: protocol.NumberID(1), Topic: method, Data: data})
		m := p.next(protocol.Response)
		switch m.Status {
		case protocol.StatusOK, protocol.StatusMethodArgs, protocol.StatusMethodException:
		default:
			rt.Fatalf("status %d", m.Status)
		}
		if method == "any" && m.Status == protocol.StatusOK {
			var back, sent []any
			if err := errors.Join(m.Data.Decode(&back), data.Decode(&sent)); err != nil {
				rt.Fatal(err)
			}
			if len(sent) > 0 && !same(back, sent) {
				rt.Fatalf("%#v came back as %#v", sent, back)
			}
		}
	})
}

// same is DeepEqual for which NaN is itself.
func same(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, isX := a[i].(float64)
		y, isY := b[i].(float64)
		if isX && isY && math.IsNaN(x) && math.IsNaN(y) {
			continue
		}
		if xs, ok := a[i].([]any); ok {
			if ys, ok := b[i].([]any); ok && same(xs, ys) {
				continue
			}
			return false
		}
		if !reflect.DeepEqual(a[i], b[i]) {
			return false
		}
	}
	return true
}
