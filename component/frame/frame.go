package frame

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/protocol"
)

// ErrNoFrame: there is no DataFrame where one was expected.
var ErrNoFrame = errors.New("rembus: no DataFrame")

// Of returns batches of one schema as an argument, or as the result of an
// exposed function. They are copied.
func Of(batches ...arrow.RecordBatch) (protocol.DataFrame, error) {
	if len(batches) == 0 {
		return nil, errors.New("rembus: a DataFrame needs a record batch")
	}
	return arrowipc.Encode(batches[0].Schema(), batches...)
}

// Read returns a DataFrame as one record batch, which may refer to the bytes of
// df. Batches of a stream that has several are copied into one.
func Read(df protocol.DataFrame) (arrow.RecordBatch, error) {
	f, err := arrowipc.Decode(df, arrowipc.Limits{})
	if err != nil {
		return nil, fmt.Errorf("rembus: %w", err)
	}
	if len(f.Batches) == 1 {
		return f.Batches[0], nil
	}
	return join(f)
}

// ReadAll returns a DataFrame as it was sent, batch for batch, without copying.
func ReadAll(df protocol.DataFrame) (*arrow.Schema, []arrow.RecordBatch, error) {
	f, err := arrowipc.Decode(df, arrowipc.Limits{})
	if err != nil {
		return nil, nil, fmt.Errorf("rembus: %w", err)
	}
	return f.Schema, f.Batches, nil
}

// join copies the batches of f, any number of them, into one.
func join(f *arrowipc.Frame) (arrow.RecordBatch, error) {
	columns := make([]arrow.Array, f.Schema.NumFields())
	for i := range columns {
		var err error
		if columns[i], err = joinColumn(f, i); err != nil {
			return nil, fmt.Errorf("rembus: failed to join the batches of a DataFrame: %w", err)
		}
	}
	return array.NewRecordBatch(f.Schema, columns, f.Rows()), nil
}

func joinColumn(f *arrowipc.Frame, i int) (arrow.Array, error) {
	if len(f.Batches) == 0 {
		return array.MakeArrayOfNull(memory.DefaultAllocator, f.Schema.Field(i).Type, 0), nil
	}
	parts := make([]arrow.Array, len(f.Batches))
	for j, b := range f.Batches {
		parts[j] = b.Column(i)
	}
	return array.Concatenate(parts, memory.DefaultAllocator)
}

// Publisher is a [component.Topic].
type Publisher interface {
	Publish(ctx context.Context, args ...any) error
}

// Publish sends batches of one schema as one DataFrame, and that as the only
// argument.
func Publish(ctx context.Context, to Publisher, batches ...arrow.RecordBatch) error {
	df, err := Of(batches...)
	if err != nil {
		return err
	}
	return to.Publish(ctx, df)
}

// Call calls a method as [component.Component.RPC] does and returns its result,
// which must be a DataFrame: [ErrNoFrame]. Record batches among args are
// sent as DataFrames.
func Call(ctx context.Context, c *component.Component, method string, args ...any) (arrow.RecordBatch, error) {
	sent := make([]any, len(args))
	for i, arg := range args {
		sent[i] = arg
		if b, ok := arg.(arrow.RecordBatch); ok {
			df, err := Of(b)
			if err != nil {
				return nil, err
			}
			sent[i] = df
		}
	}
	v, err := c.RPC(ctx, method, sent...)
	if err != nil {
		return nil, err
	}
	df, ok := v.DataFrame()
	if !ok {
		return nil, fmt.Errorf("%w: the result of %s is none", ErrNoFrame, method)
	}
	return Read(df)
}

// Handler returns a handler for [component.Component.Subscribe] that takes the
// first DataFrame among the arguments; a message without one is an
// [ErrNoFrame]. The batch may be kept.
func Handler(fn func(context.Context, *component.Message, arrow.RecordBatch) error) func(context.Context, *component.Message) error {
	return func(ctx context.Context, m *component.Message) error {
		args, err := m.Args()
		if err != nil {
			return err
		}
		for _, arg := range args {
			if df, ok := arg.DataFrame(); ok {
				b, err := Read(df)
				if err != nil {
					return err
				}
				return fn(ctx, m, b)
			}
		}
		return ErrNoFrame
	}
}
