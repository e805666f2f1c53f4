package protocol

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// hostileData are the data of fault 26: each is refused wherever it stands.
func hostileData() map[string][]byte {
	huge := "\x80\x00\x00\x00\x00\x00\x00\x00"
	return map[string][]byte{
		"depth 10 k of arrays":            bytes.Repeat([]byte{0x81}, 10_000),
		"depth 10 k of arrays, closed":    append(bytes.Repeat([]byte{0x81}, 10_000), 0),
		"depth 10 k of maps":              bytes.Repeat([]byte{0xa1, 0x00}, 10_000),
		"depth 10 k of tags":              append(bytes.Repeat([]byte{0xc6}, 10_000), 0),
		"depth 10 k of indefinite arrays": append(bytes.Repeat([]byte{0x9f}, 10_000), bytes.Repeat([]byte{0xff}, 10_000)...),
		"depth 33":                        append(bytes.Repeat([]byte{0x81}, 33), 0),
		"depth 32 that is no array":       append([]byte{0xa1, 0x00}, append(bytes.Repeat([]byte{0x81}, 31), 0)...),
		"bytes of length 2^63":            []byte("\x5b" + huge + "x"),
		"text of length 2^63":             []byte("\x7b" + huge + "x"),
		"array of length 2^63":            []byte("\x9b" + huge + "\x00"),
		"map of length 2^63":              []byte("\xbb" + huge + "\x00\x00"),
		"map of length 2^64-1":            []byte("\xbb" + strings.Repeat("\xff", 8) + "\x00\x00"),
		"chunk of length 2^63":            []byte("\x5f\x5b" + huge + "x\xff"),
		"array of length 2^31":            []byte("\x9a\x80\x00\x00\x00\x00"),
		"endless array":                   append([]byte{0x9f}, make([]byte, 10_000)...),
		"endless map":                     append([]byte{0xbf}, make([]byte, 10_000)...),
		"endless text":                    append([]byte{0x7f}, bytes.Repeat([]byte("\x61a"), 10_000)...),
		"endless bytes":                   append([]byte{0x5f}, bytes.Repeat([]byte("\x41a"), 10_000)...),
		"map with half a pair":            []byte("\xbf\x00\xff"),
		"chunk of another type":           []byte("\x7f\x41a\xff"),
		"chunk in a chunk":                []byte("\x7f\x7f\x61a\xff\xff"),
		"break alone":                     []byte("\xff"),
		"reserved head 28":                []byte("\x1c"),
		"reserved head 29":                []byte("\x9d"),
		"reserved head 30":                []byte("\xfe"),
		"indefinite integer":              []byte("\x1f"),
		"indefinite tag":                  []byte("\xdf\x00"),
		"simple value below 32":           []byte("\xf8\x18"),
		"tag around nothing":              []byte("\xc1"),
	}
}

// TestFault26 is about CBOR that lies about its size or nests without end: it
// ends the connection and costs no memory.
func TestFault26(t *testing.T) {
	for name, data := range hostileData() {
		for place, frame := range map[string][]byte{
			"PUB":      append([]byte("\x83\x01\x61a"), data...),
			"PUB QoS1": append([]byte("\x84\x11\x41i\x61a"), data...),
			"RPC":      append([]byte("\x85\x02\x41i\x61a\xf6"), data...),
			"ADMIN":    append([]byte("\x84\x03\x41i\x61a"), data...),
			"RESPONSE": append([]byte("\x84\x04\x41i\x00"), data...),
			"IDENTITY": append([]byte("\x84\x00\x41i\x61a"), data...),
			"topic":    append([]byte("\x83\x01"), data...),
			"id":       append([]byte("\x82\x05"), data...),
			"frame":    data,
		} {
			t.Run(name+" in "+place, func(t *testing.T) {
				if place == "topic" {
					frame = append(frame, 0x80)
				}
				c := NewCodec(Limits{}, CBOR)
				var err error
				used := allocated(func() { _, err = c.Decode(CBOR, frame) })
				if !errors.Is(err, ErrMalformed) {
					t.Errorf("got %v, want an error that ends the connection", err)
				}
				if used > 8<<10 {
					t.Errorf("%d bytes were allocated", used)
				}
			})
		}
	}
}

// TestFault26Values: the same bytes cannot hurt whoever decodes them without a
// codec before.
func TestFault26Values(t *testing.T) {
	for name, data := range hostileData() {
		if strings.HasPrefix(name, "depth 3") {
			continue // allowed outside of a codec
		}
		t.Run(name, func(t *testing.T) {
			used := allocated(func() {
				var v any
				if err := RawValue(data).Decode(&v); err == nil {
					t.Error("decoded into an any")
				}
				var s struct{ A any }
				if err := RawValue(data).Decode(&s); err == nil {
					t.Error("decoded into a struct")
				}
				NewPayload(CBOR, data).Args()
				NewPayload(CBOR, data).Prepend("a")
			})
			if limit := uint64(8*len(data) + 64<<10); used > limit {
				t.Errorf("%d bytes were allocated for %d", used, len(data))
			}
		})
	}
}

func TestFault26DuplicateKeys(t *testing.T) {
	for name, raw := range map[string]string{
		"text":              "\xa2\x61a\x01\x61a\x02",
		"inside an array":   "\x81\xa2\x61a\x01\x61a\x02",
		"indefinite":        "\xbf\x61a\x01\x61a\x02\xff",
		"number and text":   "\xa2\x01\x01\x611\x02",
		"chunked and plain": "\xa2\x61a\x01\x7f\x61a\xff\x02",
		"record":            "\xd9\xdf\xff\x84\x19\xe0\x00\x82\x61a\x61a\x01\x02",
	} {
		t.Run(name, func(t *testing.T) {
			var v any
			if err := RawValue(raw).Decode(&v); err == nil {
				t.Errorf("decoded to %v", v)
			}
			var m struct{ M map[string]any }
			wrapped := append([]byte("\xa1\x61M"), raw...)
			if err := RawValue(wrapped).Decode(&m); err == nil {
				t.Errorf("decoded to %v", m)
			}
		})
	}
}

// TestFault26RecordBomb: a long key is named once and meant a thousand times.
func TestFault26RecordBomb(t *testing.T) {
	raw := appendHead(nil, majorArray, 1001)
	raw = append(raw, "\xd9\xdf\xff\x83\x19\xe0\x00\x81"...)
	raw = append(appendText(raw, strings.Repeat("k", 5000)), 1)
	raw = append(raw, bytes.Repeat([]byte("\xd9\xe0\x00\x81\x01"), 1000)...)
	used := allocated(func() {
		var v any
		if err := RawValue(raw).Decode(&v); !errors.Is(err, errGrowth) {
			t.Errorf("got %v", err)
		}
		if _, err := NewPayload(CBOR, raw).Args(); !errors.Is(err, errGrowth) {
			t.Errorf("got %v", err)
		}
	})
	if used > 400*uint64(len(raw)) { // both together, old arrays of growing slices included
		t.Errorf("%d bytes were allocated for %d", used, len(raw))
	}
}

func TestFault24TooLarge(t *testing.T) {
	c := NewCodec(Limits{MaxMessage: 100}, CBOR)
	frame := append([]byte("\x83\x01\x61a\x58\x5e"), make([]byte, 94)...)
	if _, err := c.Decode(CBOR, frame); err != nil {
		t.Errorf("100 bytes: %v", err)
	}
	frame = append([]byte("\x83\x01\x61a\x58\x5f"), make([]byte, 95)...)
	if _, err := c.Decode(CBOR, frame); !errors.Is(err, ErrMalformed) {
		t.Errorf("101 bytes: got %v", err)
	}
}

// TestFault31 is about text that must not get into logs, keys and other
// components. The message is refused, the connection goes on.
func TestFault31(t *testing.T) {
	id := string(appendBytes(nil, []byte("12345678")))
	for name, bad := range map[string]string{
		"CR": "a\rb", "LF": "a\nb", "NUL": "a\x00b", "bad UTF-8": "a\xffb",
		"surrogate": "a\xed\xa0\x80b", "too long": strings.Repeat("a", 1025),
		"too many segments": strings.Repeat("a/", 64) + "a",
	} {
		text := string(appendText(nil, bad))
		frames := map[string]string{
			"PUB":          "\x83\x01" + text + "\x80",
			"PUB QoS2":     "\x84\x18\x31" + id + text + "\x80",
			"PUB slot":     "\x84\x18\x41" + id + text + "\x80",
			"RPC":          "\x85\x02" + id + text + "\xf6\x80",
			"RPC target":   "\x85\x02" + id + "\x61m" + text + "\x80",
			"ADMIN":        "\x84\x03" + id + text + "\xa0",
			"IDENTITY":     "\x83\x00" + id + text,
			"IDENTITY url": "\x83\x00" + id + string(appendText(nil, "ws://h/"+bad)),
			"ATTESTATION":  "\x84\x0b" + id + text + "\x41s",
			"REGISTER":     "\x86\x0a" + id + text + "\x61p\x41k\x01",
			"UNREGISTER":   "\x83\x09" + id + text,
		}
		if name == "too many segments" { // of a topic, not of a name
			for place := range frames {
				if place != "PUB" && place != "PUB QoS2" && place != "PUB slot" && place != "RPC" {
					delete(frames, place)
				}
			}
		}
		if name == "bad UTF-8" {
			frames["PUB data"] = "\x83\x01\x61a\x81" + text
			frames["PUB data in chunks"] = "\x83\x01\x61a\x81\x7f" + text + "\xff"
			frames["RESPONSE"] = "\x84\x04" + id + "\x00" + text
		}
		for place, frame := range frames {
			t.Run(name+" in "+place, func(t *testing.T) {
				m, err := NewCodec(Limits{}, CBOR).Decode(CBOR, []byte(frame))
				var refused *BadMessage
				if !errors.As(err, &refused) {
					t.Fatalf("got %v, %v", m, err)
				}
				waits := !strings.HasPrefix(place, "PUB ") && place != "PUB" && place != "RESPONSE" || place == "PUB QoS2"
				if waits == refused.ID.IsZero() {
					t.Errorf("refused under the id %v", refused.ID)
				}
				if text := refused.Error(); strings.ContainsAny(text, "\r\n\x00") || !utf8.ValidString(text) {
					t.Errorf("the refusal repeats it: %q", refused.Error())
				}
			})
		}
	}
}
