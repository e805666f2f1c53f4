package cursor

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// copier appends a vector to the array of its column and returns how many bytes that
// took.
type copier func(v vector) (size int, err error)

// maker returns the copier into an array that is being built.
type maker func(b array.Builder) copier

// kind is how values of one type are copied.
type kind struct {
	arrow arrow.DataType
	make  maker
}

var kinds = map[duckdb.Type]kind{
	duckdb.TYPE_SQLNULL:      {arrow.PrimitiveTypes.Int32, nulls},
	duckdb.TYPE_BOOLEAN:      {arrow.FixedWidthTypes.Boolean, booleans},
	duckdb.TYPE_TINYINT:      {arrow.PrimitiveTypes.Int8, fixed[int8]},
	duckdb.TYPE_SMALLINT:     {arrow.PrimitiveTypes.Int16, fixed[int16]},
	duckdb.TYPE_INTEGER:      {arrow.PrimitiveTypes.Int32, fixed[int32]},
	duckdb.TYPE_BIGINT:       {arrow.PrimitiveTypes.Int64, fixed[int64]},
	duckdb.TYPE_UTINYINT:     {arrow.PrimitiveTypes.Uint8, fixed[uint8]},
	duckdb.TYPE_USMALLINT:    {arrow.PrimitiveTypes.Uint16, fixed[uint16]},
	duckdb.TYPE_UINTEGER:     {arrow.PrimitiveTypes.Uint32, fixed[uint32]},
	duckdb.TYPE_UBIGINT:      {arrow.PrimitiveTypes.Uint64, fixed[uint64]},
	duckdb.TYPE_FLOAT:        {arrow.PrimitiveTypes.Float32, fixed[float32]},
	duckdb.TYPE_DOUBLE:       {arrow.PrimitiveTypes.Float64, fixed[float64]},
	duckdb.TYPE_DATE:         {arrow.FixedWidthTypes.Date32, fixed[arrow.Date32]},
	duckdb.TYPE_TIME:         {arrow.FixedWidthTypes.Time64us, fixed[arrow.Time64]},
	duckdb.TYPE_TIMESTAMP:    {&arrow.TimestampType{Unit: arrow.Microsecond}, fixed[arrow.Timestamp]},
	duckdb.TYPE_TIMESTAMP_S:  {&arrow.TimestampType{Unit: arrow.Second}, fixed[arrow.Timestamp]},
	duckdb.TYPE_TIMESTAMP_MS: {&arrow.TimestampType{Unit: arrow.Millisecond}, fixed[arrow.Timestamp]},
	duckdb.TYPE_TIMESTAMP_NS: {&arrow.TimestampType{Unit: arrow.Nanosecond}, fixed[arrow.Timestamp]},
	duckdb.TYPE_TIMESTAMP_TZ: {&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, fixed[arrow.Timestamp]},
	duckdb.TYPE_VARCHAR:      {arrow.BinaryTypes.String, texts},
	duckdb.TYPE_BLOB:         {arrow.BinaryTypes.Binary, blobs},
	duckdb.TYPE_UUID:         {arrow.BinaryTypes.String, uuids},
	duckdb.TYPE_HUGEINT:      {&arrow.Decimal128Type{Precision: 38}, numbers(signed)},
	duckdb.TYPE_UHUGEINT:     {&arrow.Decimal128Type{Precision: 38}, numbers(unsigned)},
}

// advice is what to do about types that a DataFrame does not hold.
var advice = map[duckdb.Type]string{
	duckdb.TYPE_INTERVAL: "INTERVAL: use epoch(x) for its seconds, or CAST(x AS VARCHAR)",
	duckdb.TYPE_TIME_TZ:  "TIMETZ: CAST(x AS TIME), or AS VARCHAR",
	duckdb.TYPE_LIST:     "lists: CAST(x AS JSON)",
	duckdb.TYPE_ARRAY:    "lists: CAST(x AS JSON)",
	duckdb.TYPE_STRUCT:   "structs: CAST(x AS JSON), or select its fields one by one",
	duckdb.TYPE_MAP:      "maps: CAST(x AS JSON)",
}

func kindOf(t mapping.LogicalType) (kind, error) {
	id := mapping.GetTypeId(t)
	if id == duckdb.TYPE_DECIMAL {
		scale := int32(mapping.DecimalScale(t))
		return kind{&arrow.Decimal128Type{Precision: int32(mapping.DecimalWidth(t)), Scale: scale}, decimals(mapping.DecimalInternalType(t))}, nil
	}
	if k, found := kinds[id]; found {
		return k, nil
	}
	if text := advice[id]; text != "" {
		return kind{}, errors.New("a result holds no " + text)
	}
	return kind{}, errors.New("a result cannot hold this type: CAST(x AS VARCHAR)")
}

func nulls(b array.Builder) copier {
	return func(v vector) (int, error) {
		b.AppendNulls(v.rows)
		return 4 * v.rows, nil
	}
}

// appender is what the builders of arrays of a fixed width have in common.
type appender[T any] interface {
	AppendValues(values []T, valid []bool)
}

// fixed copies values that DuckDB and Arrow lay out alike. Where there is none, DuckDB
// leaves what was in its memory: it is not passed on.
func fixed[T comparable](b array.Builder) copier {
	to := b.(appender[T])
	var buf []bool
	var clean []T
	var none T
	return func(v vector) (int, error) {
		all, flags := values[T](v), v.valid(&buf)
		if flags != nil {
			clean = append(clean[:0], all...)
			for i, there := range flags {
				if !there {
					clean[i] = none
				}
			}
			all = clean
		}
		to.AppendValues(all, flags)
		return int(unsafe.Sizeof(none)) * v.rows, nil
	}
}

// booleans copies bytes: those of missing values are neither 0 nor 1, which a bool of Go
// must be.
func booleans(b array.Builder) copier {
	to := b.(*array.BooleanBuilder)
	return each(b, func(n *uint8) (int, error) {
		to.Append(*n != 0)
		return 1, nil
	})
}

// maxChunk bounds the bytes of one column in the rows that DuckDB gives at a time.
const maxChunk = 256 << 20

// each copies value by value; put returns the bytes it took.
func each[T any](b array.Builder, put func(*T) (int, error)) copier {
	var buf []bool
	return func(v vector) (size int, err error) {
		flags, all := v.valid(&buf), values[T](v)
		for i := range all {
			if flags != nil && !flags[i] {
				b.AppendNull()
				continue
			}
			n, err := put(&all[i])
			if err != nil {
				return 0, err
			}
			if size += n; size > maxChunk {
				return 0, fmt.Errorf("more than %d MiB in %d rows", maxChunk>>20, v.rows)
			}
		}
		return size + 4*v.rows, nil
	}
}

func texts(b array.Builder) copier {
	to := b.(*array.StringBuilder)
	return each(b, func(t *text) (int, error) {
		to.BinaryBuilder.Append(t.bytes())
		return int(t.length), nil
	})
}

func blobs(b array.Builder) copier {
	to := b.(*array.BinaryBuilder)
	return each(b, func(t *text) (int, error) {
		to.Append(t.bytes())
		return int(t.length), nil
	})
}

func uuids(b array.Builder) copier {
	to := b.(*array.StringBuilder)
	return each(b, func(h *huge) (int, error) {
		id := h.uuid()
		var out [36]byte
		at := 0
		for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
			if i > 0 {
				out[at] = '-'
				at++
			}
			at += hex.Encode(out[at:], part)
		}
		to.BinaryBuilder.Append(out[:])
		return len(out), nil
	})
}

// digits38 is the first number that a decimal of 38 digits does not hold.
var digits38 = decimal128.FromBigInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil))

func signed(h huge) bool {
	n := decimal128.New(h.high, h.low)
	return n.Abs().Less(digits38) && n != decimal128.New(-1<<63, 0)
}

func unsigned(h huge) bool { return h.high >= 0 && decimal128.New(h.high, h.low).Less(digits38) }

// numbers copies integers of 128 bits that fit.
func numbers(fits func(huge) bool) maker {
	return func(b array.Builder) copier {
		to := b.(*array.Decimal128Builder)
		return each(b, func(h *huge) (int, error) {
			if !fits(*h) {
				return 0, fmt.Errorf("a number of more than 38 digits: CAST(x AS VARCHAR)")
			}
			to.Append(decimal128.New(h.high, h.low))
			return 16, nil
		})
	}
}

// decimals copies decimals, which DuckDB keeps in the smallest integer that does.
func decimals(internal duckdb.Type) maker {
	return func(b array.Builder) copier {
		to := b.(*array.Decimal128Builder)
		switch internal {
		case duckdb.TYPE_SMALLINT:
			return narrow[int16](to)
		case duckdb.TYPE_INTEGER:
			return narrow[int32](to)
		case duckdb.TYPE_BIGINT:
			return narrow[int64](to)
		}
		return each(b, func(h *huge) (int, error) {
			to.Append(decimal128.New(h.high, h.low))
			return 16, nil
		})
	}
}

func narrow[T int16 | int32 | int64](to *array.Decimal128Builder) copier {
	return each(to, func(n *T) (int, error) {
		to.Append(decimal128.FromI64(int64(*n)))
		return 16, nil
	})
}
