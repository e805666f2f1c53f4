package schema

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/rembus-go/rembus/protocol"
)

// toDecimal converts to a DECIMAL of so many digits, scale of them behind the
// point.
func (t Type) toDecimal(v any, digits, scale int) (any, error) {
	var n decimal
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, t.refuse(v)
		}
		// The shortest text that means this number, as it was probably written.
		n, _ = parseDecimal(strconv.FormatFloat(v, 'e', -1, 64))
	case string:
		var ok bool
		if n, ok = parseDecimal(v); !ok {
			return nil, fmt.Errorf("%s takes text such as 12.5, not %s", t, describe(v))
		}
	case protocol.Decimal:
		n = decimal{v.Mantissa, v.Exponent}
	default:
		i, ok := asBig(v)
		if !ok {
			return nil, t.refuse(v)
		}
		n.mantissa = i
	}
	unscaled, err := n.unscaled(digits, scale)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s does not hold %s: %w", t, describe(v), err)
	case digits <= maxSmallDecimal:
		return unscaled.Int64(), nil
	}
	return unscaled, nil
}

// decimal is mantissa × 10^exponent.
type decimal struct {
	mantissa *big.Int
	exponent int64
}

var (
	errWide  = fmt.Errorf("it has too many digits before the point")
	errSmall = fmt.Errorf("it has too many digits behind the point")
	ten      = big.NewInt(10)
)

// unscaled returns the number times 10^scale if that is an integer of at most so
// many digits.
func (d decimal) unscaled(digits, scale int) (*big.Int, error) {
	const longest = 1 << 10 // bits of a mantissa; what is not bounded takes time that grows with its square
	if d.mantissa.Sign() == 0 {
		return new(big.Int), nil
	}
	if d.mantissa.BitLen() > longest {
		return nil, errWide
	}
	// Beyond these the number is too wide or too small whatever the mantissa is.
	if d.exponent > MaxDecimal {
		return nil, errWide
	}
	if d.exponent < -longest {
		return nil, errSmall
	}
	n, shift := d.mantissa, d.exponent+int64(scale)
	if shift >= 0 {
		n = new(big.Int).Mul(n, power(shift))
	} else {
		var rest *big.Int
		if n, rest = new(big.Int).QuoRem(n, power(-shift), new(big.Int)); rest.Sign() != 0 {
			return nil, errSmall
		}
	}
	if n.CmpAbs(power(int64(digits))) >= 0 {
		return nil, errWide
	}
	return n, nil
}

func power(n int64) *big.Int { return new(big.Int).Exp(ten, big.NewInt(n), nil) }

// parseDecimal reads an optional sign, digits with an optional point among them,
// and an optional exponent.
func parseDecimal(s string) (d decimal, ok bool) {
	const longest = 64
	if len(s) > longest {
		return d, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exponent, err := strconv.ParseInt(s[i+1:], 10, 16)
		if err != nil {
			return d, false
		}
		s, d.exponent = s[:i], exponent
	}
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return d, false
	}
	d.exponent -= int64(len(fraction))
	d.mantissa, ok = new(big.Int).SetString(sign+whole+fraction, 10)
	return d, ok
}
