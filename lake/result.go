package lake

import (
	"database/sql/driver"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"
)

// A batch of a result is written when it has this many rows or bytes.
const (
	batchRows = 1 << 16
	batchSize = 8 << 20
)

// result gathers the rows of a query in Arrow arrays.
type result struct {
	schema  *arrow.Schema
	builder *array.RecordBuilder
	columns []appendCell
	row     []driver.Value // as the driver fills it
	rows    int
	bytes   int // of texts and byte strings
}

// appendCell adds a value that is not NULL to the array of its column and
// returns its size when that varies.
type appendCell func(v driver.Value) (size int, err error)

func newResult(rows driver.Rows) (*result, error) {
	names := rows.Columns()
	types := rows.(driver.RowsColumnTypeDatabaseTypeName)
	fields := make([]arrow.Field, len(names))
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		t, err := arrowType(types.ColumnTypeDatabaseTypeName(i))
		if err != nil {
			return nil, exception("column %.60q: %s", name, err)
		}
		fields[i] = arrow.Field{Name: unique(seen, name), Type: t, Nullable: true}
	}
	r := &result{
		schema:  arrow.NewSchema(fields, nil),
		columns: make([]appendCell, len(names)),
		row:     make([]driver.Value, len(names)),
	}
	r.builder = array.NewRecordBuilder(memory.DefaultAllocator, r.schema)
	for i := range fields {
		r.columns[i] = cellInto(r.builder.Field(i))
	}
	return r, nil
}

// unique returns name, numbered when it is taken: data frames need it.
func unique(seen map[string]bool, name string) string {
	free := name
	for n := 1; seen[free]; n++ {
		free = name + "_" + strconv.Itoa(n)
	}
	seen[free] = true
	return free
}

var arrowTypes = map[string]arrow.DataType{
	"BOOLEAN": arrow.FixedWidthTypes.Boolean,
	"VARCHAR": arrow.BinaryTypes.String,
	"BLOB":    arrow.BinaryTypes.Binary,
	"TINYINT": arrow.PrimitiveTypes.Int8, "UTINYINT": arrow.PrimitiveTypes.Uint8,
	"SMALLINT": arrow.PrimitiveTypes.Int16, "USMALLINT": arrow.PrimitiveTypes.Uint16,
	"INTEGER": arrow.PrimitiveTypes.Int32, "UINTEGER": arrow.PrimitiveTypes.Uint32,
	"BIGINT": arrow.PrimitiveTypes.Int64, "UBIGINT": arrow.PrimitiveTypes.Uint64,
	"HUGEINT":      &arrow.Decimal128Type{Precision: 38},
	"UHUGEINT":     &arrow.Decimal128Type{Precision: 38},
	"FLOAT":        arrow.PrimitiveTypes.Float32,
	"DOUBLE":       arrow.PrimitiveTypes.Float64,
	"DATE":         arrow.FixedWidthTypes.Date32,
	"TIMESTAMP":    &arrow.TimestampType{Unit: arrow.Microsecond},
	"TIMESTAMP_S":  &arrow.TimestampType{Unit: arrow.Microsecond},
	"TIMESTAMP_MS": &arrow.TimestampType{Unit: arrow.Microsecond},
	"TIMESTAMPTZ":  &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
}

func arrowType(name string) (arrow.DataType, error) {
	if t := arrowTypes[name]; t != nil {
		return t, nil
	}
	var precision, scale int32
	if _, err := fmt.Sscanf(name, "DECIMAL(%d,%d)", &precision, &scale); err == nil {
		return &arrow.Decimal128Type{Precision: precision, Scale: scale}, nil
	}
	return nil, fmt.Errorf("a result cannot hold the type %s: cast it, as in CAST(x AS VARCHAR)", strings.ToValidUTF8(name, "?"))
}

// add appends the row that the driver has filled in.
func (r *result) add() error {
	for i, v := range r.row {
		if v == nil {
			r.builder.Field(i).AppendNull()
			continue
		}
		n, err := r.columns[i](v)
		if err != nil {
			return exception("column %.60q: %s", r.schema.Field(i).Name, err)
		}
		r.bytes += n
	}
	r.rows++
	return nil
}

func (r *result) full() bool { return r.rows >= batchRows || r.bytes >= batchSize }

// batch returns what was gathered and begins anew.
func (r *result) batch() arrow.RecordBatch {
	r.rows, r.bytes = 0, 0
	return r.builder.NewRecordBatch()
}

// into appends values that the driver gives as the array has them.
func into[T any](add func(T)) appendCell {
	return func(v driver.Value) (int, error) {
		t, ok := v.(T)
		if !ok {
			return 0, fmt.Errorf("unexpected %T", v)
		}
		add(t)
		return 0, nil
	}
}

func cellInto(b array.Builder) appendCell {
	switch b := b.(type) {
	case *array.BooleanBuilder:
		return into(b.Append)
	case *array.StringBuilder:
		return func(v driver.Value) (int, error) {
			s, ok := v.(string)
			if !ok {
				return 0, fmt.Errorf("unexpected %T", v)
			}
			b.Append(s)
			return len(s), nil
		}
	case *array.BinaryBuilder:
		return func(v driver.Value) (int, error) {
			s, ok := v.([]byte)
			if !ok {
				return 0, fmt.Errorf("unexpected %T", v)
			}
			b.Append(s)
			return len(s), nil
		}
	case *array.Int8Builder:
		return into(b.Append)
	case *array.Int16Builder:
		return into(b.Append)
	case *array.Int32Builder:
		return into(b.Append)
	case *array.Int64Builder:
		return into(b.Append)
	case *array.Uint8Builder:
		return into(b.Append)
	case *array.Uint16Builder:
		return into(b.Append)
	case *array.Uint32Builder:
		return into(b.Append)
	case *array.Uint64Builder:
		return into(b.Append)
	case *array.Float32Builder:
		return into(b.Append)
	case *array.Float64Builder:
		return into(b.Append)
	case *array.TimestampBuilder:
		return into(func(t time.Time) { b.Append(arrow.Timestamp(t.UnixMicro())) })
	case *array.Date32Builder:
		return into(func(t time.Time) { b.Append(arrow.Date32FromTime(t)) })
	case *array.Decimal128Builder:
		return func(v driver.Value) (int, error) { return 0, addDecimal(b, v) }
	}
	return func(v driver.Value) (int, error) { return 0, fmt.Errorf("unexpected %T", v) }
}

// digits38 is the first number that a decimal of 38 digits does not hold.
var digits38 = new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)

func addDecimal(b *array.Decimal128Builder, v driver.Value) error {
	var n *big.Int
	switch v := v.(type) {
	case *big.Int:
		n = v
	case duckdb.Decimal:
		n = v.Value
	default:
		return fmt.Errorf("unexpected %T", v)
	}
	if n.CmpAbs(digits38) >= 0 {
		return fmt.Errorf("a number of more than 38 digits: cast it, as in CAST(x AS VARCHAR)")
	}
	b.Append(decimal128.FromBigInt(n))
	return nil
}
