package schema

import (
	"fmt"
	"math"
	"math/big"
)

// Bounds of the integers of 128 bits.
var (
	minHuge  = new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127))
	maxHuge  = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1))
	maxUHuge = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(1))
)

// toInteger converts to an integer type. The error says whether the value is
// no integer at all or just out of range.
func (t Type) toInteger(v any) (any, error) {
	if f, ok := v.(float64); ok {
		i, ok := wholeFloat(f)
		if !ok {
			return nil, fmt.Errorf("%s takes whole numbers, not %s", t, describe(v))
		}
		v = i
	}
	switch t {
	case UBigInt:
		if u, ok := asUint64(v); ok {
			return u, nil
		}
	case HugeInt:
		if b, ok := asBig(v); ok && b.Cmp(minHuge) >= 0 && b.Cmp(maxHuge) <= 0 {
			return b, nil
		}
	case UHugeInt:
		if b, ok := asBig(v); ok && b.Sign() >= 0 && b.Cmp(maxUHuge) <= 0 {
			return b, nil
		}
	case BigInt:
		if _, ok := v.(int64); ok {
			return v, nil
		}
		if i, ok := asInt64(v); ok {
			return i, nil
		}
	default:
		if i, ok := asInt64(v); ok {
			if x := t.narrow(i); x != nil {
				return x, nil
			}
		}
	}
	if _, ok := asBig(v); ok {
		return nil, fmt.Errorf("%s is outside the range of %s", describe(v), t)
	}
	return nil, t.refuse(v)
}

// narrow returns i as the Go type of t, an integer of at most 32 bits, nil when
// it is out of range.
func (t Type) narrow(i int64) any {
	switch t {
	case Integer:
		if i == int64(int32(i)) {
			return int32(i)
		}
	case UInteger:
		if i == int64(uint32(i)) {
			return uint32(i)
		}
	case SmallInt:
		if i == int64(int16(i)) {
			return int16(i)
		}
	case USmallInt:
		if i == int64(uint16(i)) {
			return uint16(i)
		}
	case TinyInt:
		if i == int64(int8(i)) {
			return int8(i)
		}
	case UTinyInt:
		if i == int64(uint8(i)) {
			return uint8(i)
		}
	}
	return nil
}

// wholeFloat returns the integer that f is, as int64 where that holds it;
// ok is false for fractions, NaN and infinity.
func wholeFloat(f float64) (any, bool) {
	if f != math.Trunc(f) || math.IsInf(f, 0) {
		return nil, false
	}
	if f >= -1<<63 && f < 1<<63 {
		return int64(f), true
	}
	i, _ := big.NewFloat(f).Int(nil)
	return i, true
}

func asInt64(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= math.MaxInt64
	case *big.Int:
		return n.Int64(), n.IsInt64()
	}
	return 0, false
}

func asUint64(v any) (uint64, bool) {
	switch n := v.(type) {
	case int64:
		return uint64(n), n >= 0
	case uint64:
		return n, true
	case *big.Int:
		return n.Uint64(), n.IsUint64()
	}
	return 0, false
}

func asBig(v any) (*big.Int, bool) {
	switch n := v.(type) {
	case int64:
		return big.NewInt(n), true
	case uint64:
		return new(big.Int).SetUint64(n), true
	case *big.Int:
		return n, true
	}
	return nil, false
}
