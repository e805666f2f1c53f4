package protocol

import (
	"fmt"
	"math"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// RawValue is one CBOR value, not yet decoded.
type RawValue []byte

// Decode decodes the value into dst, a pointer. Into an any it gives: nil, bool,
// int64 (uint64 above 2^63-1), *big.Int beyond, float64, string, []byte, []any,
// map[string]any, time.Time (tags 0, 1), Decimal (tag 4) and DataFrame (tag 80, part
// of r: do not change it); the content of any other tag. Keys of maps that are no text become
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
