package protocol

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"
)

// What decodes is what encoding/json takes for JSON too, within the limits, and
// comes out again as JSON and as CBOR that our own ends accept.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","method":"a/b","params":[1,"x"],"data":[1,"x"]}`,
		`{"id":7,"method":"t","params":{"type":16,"__type__":16,"data":[1]},"data":[1]}`,
		`{"id":18446744073709551615,"method":"who/m","params":{"a":1}}`,
		`{"id":"x","method":"t","params":{"type":3,"data":{"cmd":"subscribe","msg_from":null}}}`,
		`{"id":1,"method":"__identity__","params":{"__type__":0,"cid":"ws://h:1/ann?x"}}`,
		`{"id":1,"method":"ann","params":{"type":11,"signature":"AQI="}}`,
		`{"id":1,"method":"ann","params":{"type":10,"pin":"11223344","key_val":[1,2],"key_type":1}}`,
		`{"id":1,"method":"__unregister__","params":{"type":9}}`,
		`{"id":1,"result":{"type":4,"sts":11,"data":"AQI="}}`,
		`{"id":1,"result":{"__type__":4,"sts":11,"data":[1,2]}}`,
		`{"id":1,"error":{"code":-32601,"message":"no"}}`,
		`{"id":1,"result":{"type":5}}`,
		"{ \"\\u0069d\" : 1.5 , \"method\":\"\\ud83d\\ude00\",\"params\" : [ 1e999 ] } ",
		`{"id":1,"method":"m","params":[{"a":1,"a":2}]}`,
		`[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		c := NewComponentCodec(Limits{}, JSON)
		m, err := c.Decode(JSON, frame)
		var bad *BadMessage
		if err != nil {
			if !errors.As(err, &bad) && !errors.Is(err, ErrMalformed) {
				t.Fatalf("%q: an error of neither kind: %v", frame, err)
			}
			return
		}
		if !json.Valid(frame) || !utf8.Valid(frame) {
			t.Fatalf("%q is no JSON but decodes", frame)
		}
		if raw, err := m.Data.CBOR(); err != nil {
			t.Fatalf("%q: the data has no CBOR: %v", frame, err)
		} else if _, err := checkCBOR(raw, DefaultLimits().MaxDepth); err != nil {
			t.Fatalf("%q: the data in CBOR is %x: %v", frame, raw, err)
		}
		for _, enc := range []Encoding{JSON, CBOR} {
			out, _, _, err := NewComponentCodec(Limits{}, enc).Encode(m, nil)
			if err != nil {
				t.Fatalf("%q: not encoded as %v: %v", frame, enc, err)
			}
			if enc == JSON && !json.Valid(out) {
				t.Fatalf("%q was encoded as %q", frame, out)
			}
			back, err := NewComponentCodec(Limits{}, enc).Decode(enc, out)
			if err != nil {
				if enc == CBOR && m.ID.kind == idText { // longer than an id in CBOR may be
					continue
				}
				t.Fatalf("%q was encoded as %q, which is refused: %v", frame, out, err)
			}
			if back.Type != m.Type || back.Topic != m.Topic && m.Type != Unregister || back.QoS != m.QoS {
				t.Fatalf("%q: %+v became %+v", frame, m, back)
			}
		}
	})
}
