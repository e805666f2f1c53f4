package lake

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
)

// source gives the rows of a change. The slice that row returns is overwritten
// by the next call.
type source struct {
	rows      int
	row       func(i int) ([]any, error)
	columns   [][]arrow.Array // all rows at once, of each batch; nil when they go one by one
	overwrite []bool
}

// cell returns the value of one column in row i of a batch.
type cell func(i int) (any, error)

// decode returns the rows of a change that is no deletion.
func (c *change) decode() (_ *source, err error) {
	defer recovered(&err)
	if c.frame == nil {
		return &source{rows: len(c.rows), row: func(i int) ([]any, error) { return c.rows[i], nil }, overwrite: c.overwrite}, nil
	}
	all := make([]int, len(c.table.Columns))
	for i := range all {
		all[i] = i
	}
	extras := c.table.AppendExtras(nil, c.entry)
	s, f, err := c.frameRows(all, extras)
	if err != nil {
		return nil, err
	}
	s.overwrite = c.overwritten(f)
	s.columns = c.feedColumns(f, extras)
	if c.upsert && s.columns == nil {
		return s, s.complete()
	}
	return s, nil
}

// frameRows returns the values of some columns, given by their positions in the
// table, in each row of the DataFrame, and behind them those of extras.
func (c *change) frameRows(columns []int, extras []any) (_ *source, _ *arrowipc.Frame, err error) {
	defer recovered(&err)
	f, err := arrowipc.Decode(c.frame, arrowipc.Limits{})
	if err != nil {
		return nil, nil, err
	}
	cells := make([][]cell, len(f.Batches))
	for i, b := range f.Batches {
		if cells[i], err = c.cells(f.Schema, b, columns); err != nil {
			return nil, nil, err
		}
	}
	s := &source{rows: int(f.Rows())}
	row := append(make([]any, len(columns)), extras...)
	batch, first := 0, 0 // where the last row was, and the number of its batch's first
	s.row = func(i int) (_ []any, err error) {
		defer recovered(&err)
		if i < first {
			batch, first = 0, 0
		}
		for i-first >= int(f.Batches[batch].NumRows()) {
			first += int(f.Batches[batch].NumRows())
			batch++
		}
		for col, value := range cells[batch] {
			if row[col], err = value(i - first); err != nil {
				return nil, err
			}
		}
		return row, nil
	}
	return s, f, nil
}

// complete refuses rows of which one does not fit.
func (s *source) complete() error {
	for i := range s.rows {
		if _, err := s.row(i); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return nil
}

// cells returns a reader for each of the columns.
func (c *change) cells(frame *arrow.Schema, b arrow.RecordBatch, columns []int) ([]cell, error) {
	cells := make([]cell, len(columns))
	for i, col := range columns {
		column := &c.table.Columns[col]
		if at := frame.FieldIndices(column.Name); len(at) > 0 {
			cells[i] = cellOf(column, b.Column(at[0]))
			continue
		}
		v, err := c.missing(col)
		if err != nil {
			return nil, err
		}
		cells[i] = constant(v)
	}
	return cells, nil
}

func constant(v any) cell { return func(int) (any, error) { return v, nil } }

// missing is what a column takes that the message does not have: an upsert
// fills in nothing.
func (c *change) missing(col int) (any, error) {
	if !c.upsert {
		return c.table.Missing(col, c.vars)
	}
	return c.table.absent(col)
}

// absent is the NULL of a column that an upsert does not have. Whether it may be
// NULL shows when there is no row yet; a key must always be there.
func (t *table) absent(col int) (any, error) {
	for _, key := range t.keys {
		if key == col {
			return nil, &schema.ValueError{Column: t.names[col], Reason: "a key must not be missing"}
		}
	}
	return nil, nil
}

// overwritten says which columns of a keyed table a DataFrame replaces even by
// NULL: those that have a value in one of its rows. nil when no column has both, so
// that the rows can be merged with others.
func (c *change) overwritten(f *arrowipc.Frame) []bool {
	if len(c.table.Keys) == 0 || f.Rows() == 0 {
		return nil
	}
	overwrite, mixed := make([]bool, len(c.table.names)), c.nulls
	for i := range c.table.Columns {
		at := f.Schema.FieldIndices(c.table.names[i])
		values, nulls := 0, 0
		if len(at) > 0 {
			for _, b := range f.Batches {
				v, n := count(b.Column(at[0]))
				values, nulls = values+v, nulls+n
			}
		}
		overwrite[i] = values > 0 || c.nulls
		mixed = mixed || (values > 0 && nulls > 0)
	}
	if !mixed {
		return nil
	}
	return c.table.overwriteExtras(overwrite)
}

// overwriteExtras adds that extras are replaced always: they tell of the message
// that changed the row last.
func (t *table) overwriteExtras(overwrite []bool) []bool {
	for i := len(t.Columns); i < len(t.names); i++ {
		overwrite[i] = true
	}
	return overwrite
}

// count returns how many values and NULLs a column has.
func count(col arrow.Array) (values, nulls int) {
	if _, null := col.(*array.Null); null {
		return 0, col.Len()
	}
	nulls = col.NullN()
	if d, ok := col.(*array.Dictionary); ok && d.Dictionary().NullN() > 0 {
		for i := range d.Len() {
			if d.IsValid(i) && d.Dictionary().IsNull(d.GetValueIndex(i)) {
				nulls++
			}
		}
	}
	return col.Len() - nulls, nulls
}

var errNull = errors.New("must not be null")

// cellOf returns the reader of a column: directly where the types agree, by way of
// the schema's conversion elsewhere.
func cellOf(c *schema.Column, col arrow.Array) cell {
	if read := same(c.Type, col); read != nil {
		if c.Nullable || col.NullN() == 0 {
			return read
		}
		return func(i int) (any, error) {
			if col.IsNull(i) {
				return nil, &schema.ValueError{Column: c.Name, Reason: errNull.Error()}
			}
			return read(i)
		}
	}
	convert := func(i int) (any, error) {
		v, err := arrowipc.Value(col, i)
		if err != nil {
			return nil, &schema.ValueError{Column: c.Name, Reason: err.Error()}
		}
		return c.Value(v, protocol.CBOR)
	}
	if read := decimals(c.Type, col, convert); read != nil {
		return read
	}
	return convert
}

// same returns a reader for the Arrow types that are what the column stores.
func same(t schema.Type, col arrow.Array) cell {
	switch a := col.(type) {
	case *array.Float64:
		return read(t == schema.Double, a)
	case *array.Float32:
		return read(t == schema.Float, a)
	case *array.Int64:
		return read(t == schema.BigInt, a)
	case *array.Int32:
		return read(t == schema.Integer, a)
	case *array.Int16:
		return read(t == schema.SmallInt, a)
	case *array.Int8:
		return read(t == schema.TinyInt, a)
	case *array.Uint64:
		return read(t == schema.UBigInt, a)
	case *array.Uint32:
		return read(t == schema.UInteger, a)
	case *array.Uint16:
		return read(t == schema.USmallInt, a)
	case *array.Uint8:
		return read(t == schema.UTinyInt, a)
	case *array.Boolean:
		return read(t == schema.Boolean, a)
	case *array.String: // valid UTF-8, as arrowipc checked
		return read(t == schema.Text, a)
	case *array.LargeString:
		return read(t == schema.Text, a)
	case *array.StringView:
		return read(t == schema.Text, a)
	case *array.Binary:
		return read(t == schema.Blob, a)
	case *array.LargeBinary:
		return read(t == schema.Blob, a)
	case *array.BinaryView:
		return read(t == schema.Blob, a)
	}
	return nil
}

// decimals returns a reader of numbers that have the scale of the column, nil for
// others; what it does not take is for otherwise to convert or refuse. schema.Decimal
// says what a value is.
func decimals(t schema.Type, col arrow.Array, otherwise cell) cell {
	digits, scale, ok := t.Decimal()
	a, ok2 := col.(*array.Decimal128)
	if !ok || !ok2 || a.DataType().(arrow.DecimalType).GetScale() != int32(scale) {
		return nil
	}
	const most = 18 // digits of values that are int64
	limit := int64(1)
	for range min(digits, most) {
		limit *= 10
	}
	return func(i int) (any, error) {
		n := a.Value(i)
		small := int64(n.LowBits())
		if digits > most || a.IsNull(i) || n.HighBits() != small>>63 || small <= -limit || small >= limit {
			return otherwise(i)
		}
		return small, nil
	}
}

// values is an Arrow array of one type.
type values[T any] interface {
	IsNull(i int) bool
	Value(i int) T
}

func read[T any](agree bool, a values[T]) cell {
	if !agree {
		return nil
	}
	return func(i int) (any, error) {
		if a.IsNull(i) {
			return nil, nil
		}
		return a.Value(i), nil
	}
}
