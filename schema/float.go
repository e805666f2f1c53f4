package schema

import (
	"fmt"
	"math"
	"math/big"
)

func toDouble(v any) (any, error) {
	switch n := v.(type) {
	case float64:
		return v, nil
	case int64:
		if f := float64(n); f < 1<<63 && int64(f) == n {
			return f, nil
		}
	case uint64:
		if f := float64(n); f < 1<<64 && uint64(f) == n {
			return f, nil
		}
	case *big.Int:
		if f, acc := n.Float64(); acc == big.Exact && !math.IsInf(f, 0) {
			return f, nil
		}
	default:
		return nil, Double.refuse(v)
	}
	return nil, fmt.Errorf("DOUBLE does not hold %s exactly", describe(v))
}

func toFloat(v any) (any, error) {
	var f float64
	switch n := v.(type) {
	case float64:
		f = n
	case int64:
		return float32(n), nil
	case uint64:
		return float32(n), nil
	case *big.Int:
		f, _ = n.Float64()
		if math.IsInf(f, 0) {
			return nil, fmt.Errorf("%s is outside the range of FLOAT", describe(v))
		}
	default:
		return nil, Float.refuse(v)
	}
	g := float32(f)
	if math.IsInf(float64(g), 0) && !math.IsInf(f, 0) {
		return nil, fmt.Errorf("%s is outside the range of FLOAT", describe(v))
	}
	return g, nil
}
