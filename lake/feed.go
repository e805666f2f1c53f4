package lake

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"
)

const (
	// feedCatalog is a database in memory that has nothing but the views of feeds: in
	// the file they would be part of what a transaction writes.
	feedCatalog = "_rembus_feed"

	// leastFed is how many rows a DataFrame has that is worth a statement of its own.
	leastFed = 4096
)

// feed is a view over Arrow batches, through which a DataFrame gets into its table
// column by column, without a step for each row. It is the array.RecordReader that
// DuckDB reads whenever a statement names the view.
type feed struct {
	view    string // quoted
	schema  *arrow.Schema
	batches []arrow.RecordBatch // those that are still to be read
	batch   arrow.RecordBatch
	release func()
}

// newFeed makes the view of a table, in the schema that conn puts names into; nil when
// it has columns of types that are not fed.
func newFeed(conn *duckdb.Arrow, t *table) (*feed, error) {
	fields := make([]arrow.Field, len(t.names), len(t.names)+1)
	for i := range t.names {
		kind := feedType(t.types[i])
		if kind == nil {
			return nil, nil
		}
		fields[i] = arrow.Field{Name: feedColumn(i), Type: kind, Nullable: true}
	}
	fields = append(fields, arrow.Field{Name: rowColumn, Type: arrow.PrimitiveTypes.Uint32})
	f := &feed{view: quoteName(feedCatalog, "main") + "." + quoteIdent(t.Name), schema: arrow.NewSchema(fields, nil)}
	var err error
	f.release, err = conn.RegisterView(f, t.Name)
	return f, err
}

// feedColumn is the name of a column in the view, by its position in the table.
func feedColumn(i int) string { return fmt.Sprintf("c%d", i) }

// set gives the batches that the next statement reads, each a column of values for
// each of the table's. Rows are numbered from 0 on.
func (f *feed) set(columns [][]arrow.Array) {
	f.batches, f.batch = nil, nil
	first := 0
	for _, cols := range columns {
		n := cols[0].Len()
		rows := array.NewUint32Builder(memory.DefaultAllocator)
		rows.Reserve(n)
		for i := range n {
			rows.UnsafeAppend(uint32(first + i))
		}
		first += n
		fields := make([]arrow.Field, len(cols)+1)
		for i, col := range cols {
			fields[i] = arrow.Field{Name: feedColumn(i), Type: col.DataType(), Nullable: true}
		}
		fields[len(cols)] = f.schema.Field(f.schema.NumFields() - 1)
		f.schema = arrow.NewSchema(fields, nil) // the same of all batches
		f.batches = append(f.batches, array.NewRecordBatch(f.schema, append(cols[:len(cols):len(cols)], rows.NewArray()), int64(n)))
	}
}

// The methods of array.RecordReader. What is read is of the garbage collector.

func (f *feed) Retain()  {}
func (f *feed) Release() {}

func (f *feed) Schema() *arrow.Schema { return f.schema }

func (f *feed) Next() bool {
	f.batch = nil
	if len(f.batches) == 0 {
		return false
	}
	f.batch, f.batches = f.batches[0], f.batches[1:]
	return true
}

func (f *feed) RecordBatch() arrow.RecordBatch { return f.batch }
func (f *feed) Record() arrow.RecordBatch      { return f.batch }
func (f *feed) Err() error                     { return nil }
