package arrowipc_test

import (
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/decimal256"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/internal/arrowipc"
)

// TestValue: dates, times of day and decimal numbers, also those that no writer
// should make; want nil: refused.
func TestValue(t *testing.T) {
	build := func(dt arrow.DataType, add func(b array.Builder)) arrow.Array {
		b := array.NewBuilder(memory.DefaultAllocator, dt)
		add(b)
		return b.NewArray()
	}
	seconds := func(n int32) arrow.Array {
		return build(arrow.FixedWidthTypes.Time32s, func(b array.Builder) { b.(*array.Time32Builder).Append(arrow.Time32(n)) })
	}
	nanos := func(n int64) arrow.Array {
		return build(arrow.FixedWidthTypes.Time64ns, func(b array.Builder) { b.(*array.Time64Builder).Append(arrow.Time64(n)) })
	}
	date64 := func(n int64) arrow.Array {
		return build(arrow.FixedWidthTypes.Date64, func(b array.Builder) { b.(*array.Date64Builder).Append(arrow.Date64(n)) })
	}
	narrow := func(n int64, scale int32) arrow.Array {
		return build(&arrow.Decimal128Type{Precision: 38, Scale: scale}, func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromI64(n)) })
	}
	ten60 := new(big.Int).Exp(big.NewInt(10), big.NewInt(60), nil)
	wide := func(n *big.Int, scale int32) arrow.Array {
		return build(&arrow.Decimal256Type{Precision: 76, Scale: scale}, func(b array.Builder) { b.(*array.Decimal256Builder).Append(decimal256.FromBigInt(n)) })
	}
	for i, c := range []struct {
		col  arrow.Array
		want any
	}{
		{seconds(86399), "23:59:59"}, {seconds(86400), nil}, {seconds(-1), nil},
		{nanos(1), "00:00:00.000000001"}, {nanos(86400e9 - 1), "23:59:59.999999999"}, {nanos(86400e9), nil}, {nanos(-1), nil},
		{date64(-86400000), time.Unix(-86400, 0).UTC()}, {date64(-1), time.UnixMilli(-1).UTC()},
		{narrow(15, 1), "1.5"}, {narrow(-5, 3), "-0.005"}, {narrow(-1500, 2), int64(-15)}, {narrow(0, 38), int64(0)}, {narrow(1, -1), nil}, {narrow(1, 77), nil}, {narrow(1, 1<<30), nil},
		{wide(ten60, 0), ten60}, {wide(ten60, 60), int64(1)}, {wide(new(big.Int).Add(ten60, big.NewInt(1)), 60), "1." + "000000000000000000000000000000000000000000000000000000000001"},
		{build(&arrow.Decimal32Type{Precision: 4, Scale: 1}, func(b array.Builder) { b.(*array.Decimal32Builder).Append(15) }), "1.5"},
		{build(&arrow.Decimal64Type{Precision: 4, Scale: 1}, func(b array.Builder) { b.(*array.Decimal64Builder).Append(-15) }), "-1.5"},
	} {
		got, err := arrowipc.Value(c.col, 0)
		if (err == nil) != (c.want != nil) || err == nil && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d: %s gives %T %v, %v; want %v", i, c.col, got, got, err, c.want)
		}
	}
}
