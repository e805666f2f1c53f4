package protocol_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/rembus-go/rembus/protocol"
)

// FuzzFields: whatever AppendFields takes is what Decode gives.
func FuzzFields(f *testing.F) {
	for _, v := range []any{
		map[string]any{}, map[string]any{"temperature": 18.5, "n": 7, "ok": true, "text": "é", "none": nil, "low": -8},
		map[string]any{"list": []any{1}}, map[int]any{1: 2}, map[string]any{"u": uint64(1<<64 - 1)}, "no map",
	} {
		p, err := protocol.EncodeValue(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Raw())
	}
	for _, raw := range []string{
		"\xa2\x61a\x01\x61a\x02",                // a name twice
		"\xa1\x61\xff\x01", "\xa1\x61a\x61\xff", // text that is not UTF-8
		"\xbf\x61a\x01\xff", "\xa1\x7f\x61a\xff\x01", // indefinite lengths
		"\xa1\x61a\xff", "\xa1\x61a\xf8\x20", "\xa1\x61a\xf7", "\xa1\x61a\xf9\x7e\x00", "\xa1\x61a", "\xa1\x61a\x01\x02",
		"\xa1\x61a\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "\xb1", "\xa1\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		fields, ok := protocol.RawValue(raw).AppendFields(nil)
		if !ok {
			return
		}
		got := map[string]any{}
		for _, f := range fields {
			got[string(f.Name)] = f.Value
		}
		var want any
		if err := protocol.RawValue(raw).Decode(&want); err != nil {
			t.Fatalf("%x: %v, but %v", raw, err, got)
		}
		// As text, since NaN is not equal to itself.
		if m, isMap := want.(map[string]any); !isMap || len(m) != len(fields) || fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", m) && !reflect.DeepEqual(got, m) {
			t.Errorf("%x: %v, want %v", raw, got, want)
		}
	})
}
