package arrowipc

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Value returns row i of a column as protocol.RawValue.Decode would give it:
// nil, bool, int64, uint64, *big.Int, float64, string, []byte or time.Time.
// Float32 widens; a decimal without fraction is an integer, any other one its text;
// dates and timestamps without a zone are UTC; a duration or a time of day, which
// must be of one day, is its text. Nested columns are refused. The bytes are not copied.
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
	case *array.Duration:
		return c.ValueStr(i), nil
	case *array.Time32:
		unit := c.DataType().(*arrow.Time32Type).Unit
		return clock(int64(c.Value(i)), unit, c.Value(i).FormattedString(unit))
	case *array.Time64:
		unit := c.DataType().(*arrow.Time64Type).Unit
		return clock(int64(c.Value(i)), unit, c.Value(i).FormattedString(unit))
	}
	if n, scale, ok := unscaled(col, i); ok {
		return decimal(n, scale), nil
	}
	if n, ok := integer(col, i); ok {
		return n, nil
	}
	if t, ok := instant(col, i); ok {
		return t, nil
	}
	return nil, fmt.Errorf("columns of Arrow type %s are not supported", col.DataType())
}

// Shown is Value for people and for JSON, in which all values of a column look alike: a
// decimal with digits behind the point is text that has all of them, a date is text
// without a time of day.
func Shown(col arrow.Array, i int) (any, error) {
	if col.IsNull(i) {
		return nil, nil
	}
	switch c := col.(type) {
	case *array.Date32:
		return c.Value(i).ToTime().Format(time.DateOnly), nil
	case *array.Dictionary:
		return Shown(c.Dictionary(), c.GetValueIndex(i))
	}
	if n, scale, ok := unscaled(col, i); ok && scale > 0 {
		return point(n, scale), nil
	}
	return Value(col, i)
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
	case *array.Date64: // milliseconds; whole days, if the writer kept to the rules
		return time.UnixMilli(int64(c.Value(i))).UTC(), true
	}
	return time.Time{}, false
}

// clock returns text, which says n units since midnight, if that is within a day.
func clock(n int64, unit arrow.TimeUnit, text string) (any, error) {
	if n < 0 || n >= int64(24*time.Hour/unit.Multiplier()) {
		return nil, fmt.Errorf("a time of day of %d%s", n, unit)
	}
	return text, nil
}
