package arrowipc

import (
	"fmt"
	"math/big"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// Value returns row i of a column as protocol.RawValue.Decode would give it:
// nil, bool, int64, uint64, *big.Int, float64, string, []byte or time.Time.
// Float32 widens; a decimal without fraction is an integer, any other one its text;
// dates and timestamps without a zone are UTC; a duration or a time of day is
// its text. Nested columns are refused. The bytes are not copied.
func Value(col arrow.Array, i int) (any, error) {
	if col.IsNull(i) {
		return nil, nil
	}
	switch c := col.(type) {
	case *array.Null:
		return nil, nil
	case *array.Boolean:
		return c.Value(i), nil
	case *array.Float16:
		return float64(c.Value(i).Float32()), nil
	case *array.Float32:
		return float64(c.Value(i)), nil
	case *array.Float64:
		return c.Value(i), nil
	case *array.String:
		return c.Value(i), nil
	case *array.LargeString:
		return c.Value(i), nil
	case *array.StringView:
		return c.Value(i), nil
	case *array.Binary:
		return c.Value(i), nil
	case *array.LargeBinary:
		return c.Value(i), nil
	case *array.BinaryView:
		return c.Value(i), nil
	case *array.FixedSizeBinary:
		return c.Value(i), nil
	case *array.Dictionary:
		return Value(c.Dictionary(), c.GetValueIndex(i))
	case array.ExtensionArray:
		return Value(c.Storage(), i)
	case *array.Time32, *array.Time64, *array.Duration:
		return col.ValueStr(i), nil
	case *array.Decimal128:
		// The scale is a number from outside too: the power of ten may be endless.
		if scale := c.DataType().(arrow.DecimalType).GetScale(); scale >= 0 && scale <= 38 {
			return decimal(c.Value(i), scale), nil
		}
	}
	if n, ok := integer(col, i); ok {
		return n, nil
	}
	if t, ok := instant(col, i); ok {
		return t, nil
	}
	return nil, fmt.Errorf("columns of Arrow type %s are not supported", col.DataType())
}

func integer(col arrow.Array, i int) (any, bool) {
	switch c := col.(type) {
	case *array.Int8:
		return int64(c.Value(i)), true
	case *array.Int16:
		return int64(c.Value(i)), true
	case *array.Int32:
		return int64(c.Value(i)), true
	case *array.Int64:
		return c.Value(i), true
	case *array.Uint8:
		return int64(c.Value(i)), true
	case *array.Uint16:
		return int64(c.Value(i)), true
	case *array.Uint32:
		return int64(c.Value(i)), true
	case *array.Uint64:
		if v := c.Value(i); v > 1<<63-1 {
			return v, true
		} else {
			return int64(v), true
		}
	}
	return nil, false
}

func instant(col arrow.Array, i int) (time.Time, bool) {
	switch c := col.(type) {
	case *array.Timestamp:
		unit := c.DataType().(*arrow.TimestampType).Unit
		return c.Value(i).ToTime(unit), true
	case *array.Date32:
		return c.Value(i).ToTime(), true
	case *array.Date64:
		return c.Value(i).ToTime(), true
	}
	return time.Time{}, false
}

// decimal returns an integer where there is no fraction.
func decimal(v decimal128.Num, scale int32) any {
	n := v.BigInt()
	if scale > 0 {
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		whole, rest := new(big.Int).QuoRem(n, unit, new(big.Int))
		if rest.Sign() != 0 {
			return v.ToString(scale)
		}
		n = whole
	}
	if n.IsInt64() {
		return n.Int64()
	}
	if n.IsUint64() {
		return n.Uint64()
	}
	return n
}
