package arrowipc

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// Limits bound what one stream may cost. The zero value of a field means the
// default of [DefaultLimits].
type Limits struct {
	Metadata int   // bytes of the metadata of one message
	Fields   int   // fields of the schema, nested ones included
	Rows     int64 // rows of all batches together
	Memory   int64 // bytes allocated, such as for what was compressed
}

// DefaultLimits returns the limits for a message of the default size: 64 MiB,
// which may have been compressed.
func DefaultLimits() Limits {
	return Limits{Metadata: 8 << 20, Fields: 4096, Rows: 1 << 26, Memory: 512 << 20}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Metadata <= 0 {
		l.Metadata = d.Metadata
	}
	if l.Fields <= 0 {
		l.Fields = d.Fields
	}
	if l.Rows <= 0 {
		l.Rows = d.Rows
	}
	if l.Memory <= 0 {
		l.Memory = d.Memory
	}
	return l
}

// Frame is a decoded DataFrame. It lives on the garbage-collected heap: no
// Release is needed. Immutable.
type Frame struct {
	Schema  *arrow.Schema
	Batches []arrow.RecordBatch
}

// Rows is the number of rows of all batches.
func (f *Frame) Rows() int64 {
	var n int64
	for _, b := range f.Batches {
		n += b.NumRows()
	}
	return n
}

// Decode reads one IPC stream: any types, dictionaries, large and view
// layouts, compression with LZ4 or Zstandard. What follows the end of the
// stream is ignored, as Rembus.jl sends it. The frame may refer to the bytes of
// stream: they must not change. The error is never a panic, whatever the bytes.
func Decode(stream []byte, limits Limits) (f *Frame, err error) {
	limits = limits.orDefault()
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, fmt.Errorf("damaged DataFrame: %v", r)
		}
	}()
	mem := &budget{left: limits.Memory}
	r, err := ipc.NewReaderFromMessageReader(&messages{rest: stream, limits: limits}, ipc.WithAllocator(mem))
	if err != nil {
		return nil, fmt.Errorf("damaged DataFrame: %w", err)
	}
	f = &Frame{Schema: r.Schema()}
	var rows int64
	for r.Next() {
		b := r.RecordBatch()
		if rows += b.NumRows(); rows > limits.Rows || b.NumRows() < 0 {
			return nil, fmt.Errorf("DataFrame of more than %d rows", limits.Rows)
		}
		if err := validate(b); err != nil {
			return nil, fmt.Errorf("damaged DataFrame: %w", err)
		}
		b.Retain()
		f.Batches = append(f.Batches, b)
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("damaged DataFrame: %w", err)
	}
	return f, nil
}

var errRagged = errors.New("columns of different lengths")

func validate(b arrow.RecordBatch) error {
	for _, col := range b.Columns() {
		if int64(col.Len()) != b.NumRows() {
			return errRagged
		}
		if col.DataType().ID() == arrow.NULL {
			continue // it has no buffers, which arrow-go v18.8 takes for damage
		}
		if err := array.ValidateFull(col); err != nil {
			return err
		}
	}
	return nil
}
