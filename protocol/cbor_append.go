package protocol

import (
	"encoding/binary"
	"math"
)

// appendGo appends the CBOR form of a Go value: of the types that messages
// usually have without reflection and without allocating, of all others as
// encMode writes them, which is the same for these.
func appendGo(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, cborNull), nil
	case bool:
		return appendBool(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case int8:
		return appendInt(dst, int64(v)), nil
	case int16:
		return appendInt(dst, int64(v)), nil
	case int32:
		return appendInt(dst, int64(v)), nil
	case int64:
		return appendInt(dst, v), nil
	case uint:
		return appendHead(dst, majorUint, uint64(v)), nil
	case uint8:
		return appendHead(dst, majorUint, uint64(v)), nil
	case uint16:
		return appendHead(dst, majorUint, uint64(v)), nil
	case uint32:
		return appendHead(dst, majorUint, uint64(v)), nil
	case uint64:
		return appendHead(dst, majorUint, v), nil
	case float32:
		return appendFloat32(dst, v), nil
	case float64:
		return appendFloat64(dst, v), nil
	case string:
		return appendText(dst, v), nil
	case []byte:
		if v == nil {
			return append(dst, cborNull), nil
		}
		return appendBytes(dst, v), nil
	}
	return appendContainer(dst, v)
}

// appendContainer is appendGo for slices and maps.
func appendContainer(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case []any:
		return appendSlice(dst, v, appendGo)
	case []string:
		return appendSlice(dst, v, sure(appendText))
	case []float64:
		return appendSlice(dst, v, sure(appendFloat64))
	case []float32:
		return appendSlice(dst, v, sure(appendFloat32))
	case []int:
		return appendSlice(dst, v, sure(func(dst []byte, n int) []byte { return appendInt(dst, int64(n)) }))
	case []int64:
		return appendSlice(dst, v, sure(appendInt))
	case []bool:
		return appendSlice(dst, v, sure(appendBool))
	case []map[string]any:
		return appendSlice(dst, v, func(dst []byte, m map[string]any) ([]byte, error) { return appendMap(dst, m, appendGo) })
	case map[string]any:
		return appendMap(dst, v, appendGo)
	case map[string]float64:
		return appendMap(dst, v, sure(appendFloat64))
	case map[string]string:
		return appendMap(dst, v, sure(appendText))
	case map[string]int:
		return appendMap(dst, v, sure(func(dst []byte, n int) []byte { return appendInt(dst, int64(n)) }))
	case map[string]int64:
		return appendMap(dst, v, sure(appendInt))
	case map[string]bool:
		return appendMap(dst, v, sure(appendBool))
	}
	raw, err := encMode.Marshal(v)
	return append(dst, raw...), err
}

// sure makes of an append that cannot fail one that could.
func sure[T any](f func([]byte, T) []byte) func([]byte, T) ([]byte, error) {
	return func(dst []byte, v T) ([]byte, error) { return f(dst, v), nil }
}

func appendSlice[T any](dst []byte, list []T, item func([]byte, T) ([]byte, error)) (_ []byte, err error) {
	if list == nil {
		return append(dst, cborNull), nil
	}
	dst = appendHead(dst, majorArray, uint64(len(list)))
	for _, v := range list {
		if dst, err = item(dst, v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendMap[T any](dst []byte, m map[string]T, value func([]byte, T) ([]byte, error)) (_ []byte, err error) {
	if m == nil {
		return append(dst, cborNull), nil
	}
	dst = appendHead(dst, majorMap, uint64(len(m)))
	for k, v := range m {
		if dst, err = value(appendText(dst, k), v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, cborTrue)
	}
	return append(dst, cborFalse)
}

func appendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendHead(dst, majorNegint, uint64(^n))
	}
	return appendHead(dst, majorUint, uint64(n))
}

// The floats that are no numbers go as cbor2 writes them, in two bytes.
func appendFloat64(dst []byte, f float64) []byte {
	switch {
	case f != f:
		return append(dst, cborFloat16, 0x7e, 0)
	case math.IsInf(f, 1):
		return append(dst, cborFloat16, 0x7c, 0)
	case math.IsInf(f, -1):
		return append(dst, cborFloat16, 0xfc, 0)
	}
	return binary.BigEndian.AppendUint64(append(dst, cborFloat64), math.Float64bits(f))
}

func appendFloat32(dst []byte, f float32) []byte {
	if f != f || math.IsInf(float64(f), 0) {
		return appendFloat64(dst, float64(f))
	}
	return binary.BigEndian.AppendUint32(append(dst, cborFloat32), math.Float32bits(f))
}
