package lake

import (
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/internal/pieces"
	"github.com/rembus-go/rembus/schema"
)

// feedTypes are the Arrow types that a feed gives the schema's types as, unless a
// DataFrame has the values in another layout of them. What is missing is not fed.
var feedTypes = map[schema.Type]arrow.DataType{
	schema.Boolean:     arrow.FixedWidthTypes.Boolean,
	schema.TinyInt:     arrow.PrimitiveTypes.Int8,
	schema.UTinyInt:    arrow.PrimitiveTypes.Uint8,
	schema.SmallInt:    arrow.PrimitiveTypes.Int16,
	schema.USmallInt:   arrow.PrimitiveTypes.Uint16,
	schema.Integer:     arrow.PrimitiveTypes.Int32,
	schema.UInteger:    arrow.PrimitiveTypes.Uint32,
	schema.BigInt:      arrow.PrimitiveTypes.Int64,
	schema.UBigInt:     arrow.PrimitiveTypes.Uint64,
	schema.Float:       arrow.PrimitiveTypes.Float32,
	schema.Double:      arrow.PrimitiveTypes.Float64,
	schema.Text:        arrow.BinaryTypes.String,
	schema.JSON:        arrow.BinaryTypes.String, // as in the staging area
	schema.Blob:        arrow.BinaryTypes.Binary,
	schema.Timestamp:   &arrow.TimestampType{Unit: arrow.Microsecond},
	schema.TimestampTZ: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
}

func feedType(t schema.Type) arrow.DataType { return feedTypes[t] }

// feedColumns returns the columns and extras of the table for each batch of a
// DataFrame; nil when the rows must go one by one: there are few, a type is not fed, or
// a value does not fit, which is for its row alone to bear.
func (c *change) feedColumns(f *arrowipc.Frame, extras []any) [][]arrow.Array {
	if f.Rows() < leastFed || slices.ContainsFunc(c.table.types, func(t schema.Type) bool { return feedType(t) == nil }) {
		return nil
	}
	fed := make([][]arrow.Array, 0, len(f.Batches))
	for _, b := range f.Batches {
		n := int(b.NumRows())
		cols := make([]arrow.Array, len(c.table.names))
		for i := range cols {
			if i >= len(c.table.Columns) {
				cols[i] = feedCells(c.table.types[i], constant(extras[i-len(c.table.Columns)]), n)
			} else {
				cols[i] = c.feedColumn(f.Schema, b, i)
			}
			if cols[i] == nil {
				return nil
			}
		}
		if n > 0 {
			fed = append(fed, cols)
		}
	}
	return fed
}

// feedColumn returns a column of a batch; nil when a value does not fit.
func (c *change) feedColumn(frame *arrow.Schema, b arrow.RecordBatch, i int) arrow.Array {
	column := &c.table.Columns[i]
	at := frame.FieldIndices(column.Name)
	if len(at) == 0 {
		v, err := c.missing(i)
		if err != nil {
			return nil
		}
		return feedCells(column.Type, constant(v), int(b.NumRows()))
	}
	col := b.Column(at[0])
	if same(column.Type, col) != nil && (column.Nullable || col.NullN() == 0) {
		return aligned(col)
	}
	return feedCells(column.Type, cellOf(column, col), col.Len())
}

// aligned returns a copy of a column without children in memory of its own: inside a
// message the values are wherever they came to be, and DuckDB's machine code takes them
// to be at multiples of their size.
func aligned(col arrow.Array) arrow.Array {
	d := col.Data()
	buffers := make([]*memory.Buffer, len(d.Buffers()))
	for i, b := range d.Buffers() {
		if b != nil {
			buffers[i] = memory.NewResizableBuffer(memory.DefaultAllocator)
			buffers[i].Resize(b.Len())
			pieces.Copy(buffers[i].Bytes(), b.Bytes())
		}
	}
	return array.MakeFromData(array.NewData(d.DataType(), d.Len(), buffers, nil, d.NullN(), d.Offset()))
}

// feedCells returns the n values of cells of type t; nil when one does not fit.
func feedCells(t schema.Type, value cell, n int) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, feedType(t))
	b.Reserve(n)
	for i := range n {
		v, err := value(i)
		if err != nil || !appendTo(b, v) {
			return nil
		}
	}
	return b.NewArray()
}

// appendTo appends a value as the schema says it is; false when it is not.
func appendTo(b array.Builder, v any) bool {
	if v == nil {
		b.AppendNull()
		return true
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		return appendValue(b, v)
	case *array.Int8Builder:
		return appendValue(b, v)
	case *array.Uint8Builder:
		return appendValue(b, v)
	case *array.Int16Builder:
		return appendValue(b, v)
	case *array.Uint16Builder:
		return appendValue(b, v)
	case *array.Int32Builder:
		return appendValue(b, v)
	case *array.Uint32Builder:
		return appendValue(b, v)
	case *array.Int64Builder:
		return appendValue(b, v)
	case *array.Uint64Builder:
		return appendValue(b, v)
	case *array.Float32Builder:
		return appendValue(b, v)
	case *array.Float64Builder:
		return appendValue(b, v)
	case *array.StringBuilder:
		return appendValue(b, v)
	case *array.BinaryBuilder:
		return appendValue(b, v)
	case *array.TimestampBuilder:
		at, ok := v.(time.Time)
		if ok {
			b.Append(arrow.Timestamp(at.UnixMicro()))
		}
		return ok
	}
	return false
}

func appendValue[T any](b interface{ Append(T) }, v any) bool {
	value, ok := v.(T)
	if ok {
		b.Append(value)
	}
	return ok
}
