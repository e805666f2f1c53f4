package protocol

import (
	"math/big"
	"reflect"
	"testing"
)

// TestDecimal: tag 4 as cbor2 writes it; what is no pair of integers is the content.
func TestDecimal(t *testing.T) {
	for raw, want := range map[string]any{
		"\xc4\x82\x20\x0f": Decimal{big.NewInt(15), -1}, // 1.5
		"\xc4\x82\x01\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00": Decimal{new(big.Int).Lsh(big.NewInt(1), 64), 1},
		"\xc4\x82\x00\x1b\xff\xff\xff\xff\xff\xff\xff\xff":         Decimal{new(big.Int).SetUint64(1<<64 - 1), 0},
		"\xc4\x81\x01":      []any{int64(1)},
		"\xc4\x82\x61a\x00": []any{"a", int64(0)},
		"\xc4\x82\x00\xf6":  []any{int64(0), nil},
		"\xc4\x0f":          int64(15),
	} {
		var got any
		if err := RawValue(raw).Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%x: %T %v, %v", raw, got, got, err)
		}
	}
}

// TestDecimalRoundTrip: it goes out as it came.
func TestDecimalRoundTrip(t *testing.T) {
	d := Decimal{big.NewInt(-15), -1}
	p, err := EncodeArgs(d)
	if err != nil || string(p.Raw()) != "\x81\xc4\x82\x20\x2e" {
		t.Fatalf("%x, %v", p.Raw(), err)
	}
	if text, err := d.MarshalJSON(); string(text) != "-15e-1" || err != nil {
		t.Errorf("%s, %v", text, err)
	}
}
