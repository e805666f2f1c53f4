package cursor

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// A batch ends when it has this many rows or bytes.
const (
	batchRows  = 1 << 16
	batchBytes = 8 << 20
)

// Unfit is the error for a result that cannot become a DataFrame, in words for
// whoever asked.
type Unfit struct{ Reason string }

func (u *Unfit) Error() string { return u.Reason }

func unfit(format string, args ...any) error { return &Unfit{fmt.Sprintf(format, args...)} }

// Cursor is a statement that runs. Not safe for concurrent use.
type Cursor struct {
	ctx     context.Context
	stmt    *Statement
	owned   bool   // stmt is for this run only
	stop    func() // ends the interruptions
	result  mapping.Result
	schema  *arrow.Schema
	builder *array.RecordBuilder
	copies  []copier
	ended   bool
}

// Open prepares text as [Prepare] does, and runs it as [Statement.Open] does.
func Open(ctx context.Context, conn driver.Conn, text string, args []driver.NamedValue) (*Cursor, error) {
	s, err := Prepare(ctx, conn, text)
	if err != nil {
		return nil, err
	}
	c, err := s.Open(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	c.owned = true
	return c, nil
}

// Open starts the statement, whose connection is used for nothing else until Close. What
// ctx ends stops soon, with the error of ctx. The arguments are bound by name, or by
// position when they have none.
func (s *Statement) Open(ctx context.Context, args []driver.NamedValue) (*Cursor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &Cursor{ctx: ctx, stmt: s, stop: interrupting(ctx, s.connection)}
	err := s.stmt.BindWithCtx(patient{ctx}, args)
	if err == nil {
		err = s.execute(&c.result)
	}
	if err != nil {
		c.stop()
		return nil, ended(ctx, err)
	}
	if err := c.describe(); err != nil {
		c.finish()
		return nil, err
	}
	return c, nil
}

// describe finds the columns.
func (c *Cursor) describe() error {
	n := int(mapping.ColumnCount(&c.result))
	fields := make([]arrow.Field, n)
	seen := make(map[string]bool, n)
	makers := make([]maker, n)
	for i := range fields {
		at := mapping.IdxT(i)
		name := mapping.ColumnName(&c.result, at)
		t := mapping.ColumnLogicalType(&c.result, at)
		k, err := kindOf(t)
		mapping.DestroyLogicalType(&t)
		if err != nil {
			return unfit("column %.60q: %s", name, err)
		}
		fields[i] = arrow.Field{Name: unique(seen, name), Type: k.arrow, Nullable: true}
		makers[i] = k.make
	}
	c.schema = arrow.NewSchema(fields, nil)
	c.builder = array.NewRecordBuilder(memory.DefaultAllocator, c.schema)
	for i, make := range makers {
		c.copies = append(c.copies, make(c.builder.Field(i)))
	}
	return nil
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

// Schema is that of all batches. The names of its fields differ.
func (c *Cursor) Schema() *arrow.Schema { return c.schema }

// Next returns the next rows, at most 65,536 and of about 8 MB, or an error; nil when
// there are no more.
func (c *Cursor) Next() (arrow.RecordBatch, error) {
	rows, size := 0, 0
	for !c.ended && rows < batchRows && size < batchBytes {
		n, bytes, err := c.chunk()
		if err != nil {
			return nil, err
		}
		rows, size = rows+n, size+bytes
	}
	if rows == 0 {
		return nil, nil
	}
	return c.builder.NewRecordBatch(), nil
}

// chunk copies the next rows that DuckDB has, usually 2,048.
func (c *Cursor) chunk() (rows, size int, err error) {
	if err := c.ctx.Err(); err != nil {
		return 0, 0, err
	}
	chunk := mapping.FetchChunk(c.result)
	if chunk.Ptr == nil {
		c.ended = true
		return 0, 0, ended(c.ctx, resultError(&c.result))
	}
	defer mapping.DestroyDataChunk(&chunk)
	if rows = int(mapping.DataChunkGetSize(chunk)); rows == 0 {
		c.ended = true
		return 0, 0, nil
	}
	for i, add := range c.copies {
		n, err := add(vectorOf(chunk, i, rows))
		if err != nil {
			return 0, 0, unfit("column %.60q: %s", c.schema.Field(i).Name, err)
		}
		size += n
	}
	return rows, size, nil
}

// Close ends the run, wherever it is.
func (c *Cursor) Close() error {
	c.builder.Release()
	c.finish()
	if c.owned {
		return c.stmt.Close()
	}
	return nil
}

// finish ends the run. What was not read to its end is interrupted: without that, DuckDB
// would keep its transaction, and make no checkpoint, until the connection is used again.
func (c *Cursor) finish() {
	c.stop()
	if !c.ended {
		mapping.Interrupt(c.stmt.connection)
	}
	for !c.ended {
		chunk := mapping.FetchChunk(c.result)
		c.ended = chunk.Ptr == nil || mapping.DataChunkGetSize(chunk) == 0
		mapping.DestroyDataChunk(&chunk)
	}
	mapping.DestroyResult(&c.result)
}
