package arrowipc

import (
	"math/big"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// unscaled returns a decimal number without its point, and how many digits are
// behind it. The scale is a number from outside too: ok is false for those that no
// number of the type can have, because the power of ten could be endless.
func unscaled(col arrow.Array, i int) (n *big.Int, scale int, ok bool) {
	switch c := col.(type) {
	case *array.Decimal32:
		n = big.NewInt(int64(c.Value(i)))
	case *array.Decimal64:
		n = big.NewInt(int64(c.Value(i)))
	case *array.Decimal128:
		n = c.Value(i).BigInt()
	case *array.Decimal256:
		n = c.Value(i).BigInt()
	default:
		return nil, 0, false
	}
	const digits = 76 // of the widest
	scale = int(col.DataType().(arrow.DecimalType).GetScale())
	return n, scale, scale >= 0 && scale <= digits
}

// decimal returns an integer where there is no fraction, else the text.
func decimal(n *big.Int, scale int) any {
	if scale > 0 {
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		whole, rest := new(big.Int).QuoRem(n, unit, new(big.Int))
		if rest.Sign() != 0 {
			return point(n, scale)
		}
		n = whole
	}
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.IsUint64():
		return n.Uint64()
	}
	return n
}

// point writes n with scale digits behind the point.
func point(n *big.Int, scale int) string {
	sign, text := "", n.String()
	if n.Sign() < 0 {
		sign, text = "-", text[1:]
	}
	if missing := scale + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	at := len(text) - scale
	return sign + text[:at] + "." + text[at:]
}
