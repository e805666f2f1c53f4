package protocol

import (
	"bytes"
	"strings"
	"testing"
)

func TestID(t *testing.T) {
	for name, c := range map[string]struct {
		bytes string
		text  string
		slot  uint32
		wide  bool
		ok    bool
	}{
		"none":     {"", "none", 0, false, false},
		"1 byte":   {"\x07", "07", 7, false, true},
		"4 bytes":  {"\x01\x02\x03\x04", "01020304", 0x04030201, false, true},
		"7 bytes":  {"1234567", "31323334353637", 0x34333231, false, true},
		"8 bytes":  {"\x01\x00\x00\x00\x02\x00\x00\x00", "8589934593", 1, false, true},
		"8 zeros":  {"\x00\x00\x00\x00\x00\x00\x00\x00", "0", 0, false, true},
		"9 bytes":  {"123456789", "313233343536373839", 0x34333231, false, true},
		"16 bytes": {"0123456789abcdef", "30313233343536373839616263646566", 0x33323130, true, true},
		"17 bytes": {"0123456789abcdefg", "none", 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			id, ok := BytesID([]byte(c.bytes))
			if ok != c.ok || id.IsZero() == c.ok {
				t.Fatalf("ok %v, zero %v", ok, id.IsZero())
			}
			if id.String() != c.text || id.Slot() != c.slot || id.IsWide() != c.wide {
				t.Errorf("%s, slot %x, wide %v", id, id.Slot(), id.IsWide())
			}
			if ok && string(id.AppendBytes([]byte("x"))) != "x"+c.bytes {
				t.Errorf("bytes %x", id.AppendBytes(nil))
			}
			if _, isNumber := id.Number(); isNumber != (len(c.bytes) == 8) {
				t.Errorf("is a number: %v", isNumber)
			}
		})
	}
}

// TestIDsAreKeys: equal ids are equal map keys, and no two kinds are mixed up.
func TestIDsAreKeys(t *testing.T) {
	number, _ := BytesID([]byte("12345678"))
	text, _ := TextID("12345678")
	short, _ := BytesID([]byte("1"))
	shortText, _ := TextID("1")
	ids := map[ID]bool{number: true, text: true, short: true, shortText: true, {}: true}
	if len(ids) != 5 {
		t.Errorf("%d different ids, want 5", len(ids))
	}
	if n, _ := number.Number(); !ids[NumberID(n)] {
		t.Error("the same number is another id")
	}
}

func TestTextID(t *testing.T) {
	if _, ok := TextID(""); ok {
		t.Error("empty text is an id")
	}
	if _, ok := TextID(strings.Repeat("x", MaxIDText+1)); ok {
		t.Error("129 bytes of text are an id")
	}
	id, ok := TextID("a\n\x1b[31m\u2028ü")
	if !ok || id.Slot() != 0 || id.IsWide() {
		t.Errorf("%v, slot %d, wide %v", ok, id.Slot(), id.IsWide())
	}
	if got := id.String(); strings.ContainsAny(got, "\n\x1b\u2028ü") {
		t.Errorf("printed as %q", got)
	}
	if !bytes.Equal(id.AppendBytes(nil), []byte("a\n\x1b[31m\u2028ü")) {
		t.Errorf("bytes %q", id.AppendBytes(nil))
	}
}
