package protocol

import (
	"math/big"
	"strconv"
)

// tagDecimal marks [exponent, mantissa] as a decimal fraction (RFC 8949, 3.4.4).
const tagDecimal = 4

// Decimal is the number Mantissa × 10^Exponent; CBOR tag 4 on the wire. Neither part
// is bounded: do not write it out without limits.
type Decimal struct {
	Mantissa *big.Int // not nil
	Exponent int64
}

// decimalOf returns the decimal fraction that the content of its tag stands for;
// ok is false when it is none.
func decimalOf(v any) (d Decimal, ok bool) {
	parts, ok := v.([]any)
	if !ok || len(parts) != 2 {
		return d, false
	}
	if d.Exponent, ok = parts[0].(int64); !ok {
		return d, false
	}
	switch n := parts[1].(type) {
	case int64:
		d.Mantissa = big.NewInt(n)
	case uint64:
		d.Mantissa = new(big.Int).SetUint64(n)
	case *big.Int:
		d.Mantissa = n
	default:
		return d, false
	}
	return d, true
}

// String returns the number as mantissa and exponent, such as 15e-1.
func (d Decimal) String() string {
	return d.Mantissa.String() + "e" + strconv.FormatInt(d.Exponent, 10)
}

// MarshalJSON writes the number of [Decimal.String].
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// MarshalCBOR writes the tagged pair.
func (d Decimal) MarshalCBOR() ([]byte, error) {
	pair, err := encMode.Marshal([]any{d.Exponent, d.Mantissa})
	if err != nil {
		return nil, err
	}
	return append(appendHead(nil, majorTag, tagDecimal), pair...), nil
}
