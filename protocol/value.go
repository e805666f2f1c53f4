package protocol

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// RawValue is one CBOR value, not yet decoded.
type RawValue []byte

// Decode decodes the value into dst, a pointer. Into an any it gives: nil, bool,
// int64 (uint64 above 2^63-1), *big.Int beyond, float64, string, []byte, []any,
// map[string]any, time.Time (tags 0, 1) and DataFrame (tag 80, part of r: do not
// change it); the content of any other tag. Keys of maps that are no text become
// text where dst wants text; a key that is there twice is an error. Records of
// rembus.js (tag 57343) become maps. An any inside a struct holds the same types,
// but *big.Int from 2^63 on.
//
// What is allocated is in proportion to the length of the value.
func (r RawValue) Decode(dst any) error {
	switch p := dst.(type) {
	case *any:
		return wrapDecode(decodeInto(r, p))
	case *[]any:
		return wrapDecode(decodeInto(r, p))
	case *map[string]any:
		return wrapDecode(decodeInto(r, p))
	}
	return wrapDecode(r.decodeTyped(dst))
}

// decodeInto decodes into one of the types that decodeAny makes.
func decodeInto[T any](r RawValue, dst *T) error {
	raw, err := expandRecords(r)
	if err != nil {
		return err
	}
	v, err := decodeAny(raw)
	if err != nil {
		return err
	}
	t, ok := v.(T)
	if !ok && v != nil {
		return fmt.Errorf("a %T is no %T", v, t)
	}
	*dst = t
	return nil
}

// decodeTyped decodes into a pointer to any other type.
func (r RawValue) decodeTyped(dst any) error {
	s := scanner{buf: r}
	end, err := s.value(0, maxDecodeDepth)
	if err == nil && end != len(r) {
		err = errTrailing
	}
	if err != nil {
		return err
	}
	raw := []byte(r)
	if s.oddTag {
		if raw, _, err = rewrite(raw, rewriter{dropTags: true}); err != nil {
			return err
		}
	}
	if err = decMode.Unmarshal(raw, dst); err == nil {
		return nil
	}
	// An any inside dst takes text as the only key of maps.
	if text, changed, fail := textKeys(raw); fail == nil && changed {
		return decMode.Unmarshal(text, dst)
	}
	return err
}

// Decode decodes the whole payload into dst as [RawValue.Decode] does.
func (p *Payload) Decode(dst any) error {
	raw, err := p.CBOR()
	if err != nil {
		return err
	}
	return RawValue(raw).Decode(dst)
}

// EncodeArgs returns the CBOR array of args: the data of a PUB or RPC.
func EncodeArgs(args ...any) (*Payload, error) {
	raw, err := encodeArgs(args)
	if err != nil {
		return nil, err
	}
	return NewPayload(CBOR, raw), nil
}

// SetArgs makes the CBOR array of args the data of m, as [EncodeArgs] does but
// with fewer allocations. Nobody else may have m yet.
func (m *Message) SetArgs(args ...any) error {
	raw, err := encodeArgs(args)
	if err == nil {
		m.setData(CBOR, raw)
	}
	return err
}

func encodeArgs(args []any) ([]byte, error) {
	return encoded(func(dst []byte) (_ []byte, err error) {
		dst = appendHead(dst, majorArray, uint64(len(args)))
		for _, v := range args {
			if dst, err = appendGo(dst, v); err != nil {
				return dst, err
			}
		}
		return dst, nil
	})
}

// EncodeValue returns the CBOR form of one value: the data of a RESPONSE or
// ADMIN. Structs go by their fields, named by the tag `cbor` or `json`;
// time.Time goes as tag 0, *big.Int beyond 64 bits as tags 2 and 3, a DataFrame
// as tag 80. Floats keep their width.
func EncodeValue(v any) (*Payload, error) {
	raw, err := encoded(func(dst []byte) ([]byte, error) { return appendGo(dst, v) })
	if err != nil {
		return nil, err
	}
	return NewPayload(CBOR, raw), nil
}

// maxScratch is the largest buffer that is kept for the next value.
const maxScratch = 64 << 10

var scratch = sync.Pool{New: func() any {
	b := make([]byte, 0, 1<<10)
	return &b
}}

// encoded returns what encode appends, in a slice of that length.
func encoded(encode func([]byte) ([]byte, error)) ([]byte, error) {
	buf := scratch.Get().(*[]byte)
	b, err := encode((*buf)[:0])
	if err != nil {
		scratch.Put(buf)
		return nil, fmt.Errorf("failed to encode a value: %w", err)
	}
	if cap(b) > maxScratch {
		scratch.Put(buf)
		return b, nil
	}
	*buf = b
	raw := bytes.Clone(b)
	scratch.Put(buf)
	return raw, nil
}

// TextPayload returns the payload that holds one text.
func TextPayload(s string) *Payload {
	return NewPayload(CBOR, appendText(make([]byte, 0, len(s)+9), s))
}

func wrapDecode(err error) error {
	if err != nil {
		return fmt.Errorf("failed to decode a value: %w", err)
	}
	return nil
}

var encMode = func() cbor.EncMode {
	mode, err := cbor.EncOptions{
		NaNConvert: cbor.NaNConvert7e00, // as cbor2 writes them
		InfConvert: cbor.InfConvertFloat16,
		Time:       cbor.TimeRFC3339Nano,
		TimeTag:    cbor.EncTagRequired,
	}.EncMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// decMode decodes into typed targets. Its limits are wide because fxamacker
// checks lengths against the bytes that are there before it allocates.
var decMode = func() cbor.DecMode {
	tags := cbor.NewTagSet()
	how := cbor.TagOptions{DecTag: cbor.DecTagOptional, EncTag: cbor.EncTagNone}
	if err := tags.Add(how, reflect.TypeFor[DataFrame](), tagDataFrame); err != nil {
		panic(err)
	}
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:  maxDecodeDepth,
		MaxArrayElements: math.MaxInt32,
		MaxMapPairs:      math.MaxInt32,
		IntDec:           cbor.IntDecConvertSignedOrBigInt,
		BigIntDec:        cbor.BigIntDecodePointer,
		DefaultMapType:   reflect.TypeFor[map[string]any](),
		TimeTag:          cbor.DecTagOptional,
	}.DecModeWithTags(tags)
	if err != nil {
		panic(err)
	}
	return mode
}()
