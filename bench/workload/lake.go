package workload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/component/frame"
)

// tables is the schema of the workloads with a lake.
const tables = `{"tables": [
	{"table": "telemetry", "topic": ":dn/telemetry", "columns": [
		{"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}, {"col": "pressure", "type": "DOUBLE"}]},
	{"table": "batch", "columns": [
		{"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}, {"col": "pressure", "type": "DOUBLE"},
		{"col": "n", "type": "BIGINT"}, {"col": "ok", "type": "BOOLEAN"}]}]}`

// rows publishes one map a message, QoS0, until a query says that all are rows of the
// table; the figure is rows a second.
func rows(ctx context.Context, b *peer.Rembus, s Size) (Result, error) {
	c, err := b.Component(ctx, "")
	if err != nil {
		return Result{}, err
	}
	defer c.Close(ctx)
	sent, sum := 0, 0.0
	// Less would measure how long the lake lets rows gather.
	rate, err := lengthen(max(s.Time, 2*time.Second), 1000, func(n int) error {
		for range n {
			if err := publishRow(ctx, c, sent); err != nil {
				return err
			}
			sum += float64(sent)
			sent++
		}
		return awaitRows(ctx, c, "telemetry", "temperature", float64(sent), sum)
	})
	return Result{Figure: rate, Count: sent}, err
}

func publishRow(ctx context.Context, c *component.Component, i int) error {
	return c.Publish(ctx, fmt.Sprintf("sensor%d/telemetry", i%1000), map[string]any{"temperature": float64(i), "pressure": 1013.25})
}

// awaitRows waits until a table has n rows and a column's values have the sum.
func awaitRows(ctx context.Context, c *component.Component, table, column string, n, sum float64) error {
	before, since := -1.0, time.Now()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) { // asking costs the broker too
		gotN, gotSum, err := ask(ctx, c, table, map[string]any{"cols": fmt.Sprintf("CAST(count(*) AS DOUBLE) AS n, CAST(coalesce(sum(%s), 0) AS DOUBLE) AS s", column)})
		switch {
		case err != nil:
			return err
		case gotN == n && gotSum == sum:
			return nil
		case gotN >= n:
			return fmt.Errorf("table %s has %v rows with the sum %v, not %v with %v", table, gotN, gotSum, n, sum)
		case gotN > before:
			before, since = gotN, time.Now()
		case time.Since(since) > 2*stalled:
			return fmt.Errorf("rows were lost: table %s has %v rows, not %v", table, gotN, n)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errNoNumbers = errors.New("the answer is not one row of two numbers")

// ask returns the first row of a query, two numbers.
func ask(ctx context.Context, c *component.Component, table string, query map[string]any) (first, second float64, err error) {
	answer, err := frame.Call(ctx, c, "query_"+table, query)
	if err != nil {
		return 0, 0, err
	}
	if answer.NumCols() != 2 || answer.NumRows() != 1 {
		return 0, 0, fmt.Errorf("%w, but %d × %d", errNoNumbers, answer.NumRows(), answer.NumCols())
	}
	a, ok := answer.Column(0).(*array.Float64)
	b, ok2 := answer.Column(1).(*array.Float64)
	if !ok || !ok2 {
		return 0, 0, errNoNumbers
	}
	return a.Value(0), b.Value(0), nil
}

// batch returns n rows; the column n counts on from first.
func batch(first, n int) arrow.RecordBatch {
	r := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "dn", Type: arrow.BinaryTypes.String}, {Name: "temperature", Type: arrow.PrimitiveTypes.Float64},
		{Name: "pressure", Type: arrow.PrimitiveTypes.Float64}, {Name: "n", Type: arrow.PrimitiveTypes.Int64},
		{Name: "ok", Type: arrow.FixedWidthTypes.Boolean}}, nil))
	for i := first; i < first+n; i++ {
		r.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("sensor%d", i%1000))
		r.Field(1).(*array.Float64Builder).Append(float64(i) / 3)
		r.Field(2).(*array.Float64Builder).Append(float64(i) / 7)
		r.Field(3).(*array.Int64Builder).Append(int64(i))
		r.Field(4).(*array.BooleanBuilder).Append(i%2 == 0)
	}
	return r.NewRecordBatch()
}

// sumTo is 0 + 1 + … + n−1.
func sumTo(n int) float64 { return float64(n) / 2 * float64(n-1) }

// dataFrame publishes one DataFrame; the figure is the time in ms until a query
// says that all rows are in the table.
func dataFrame(ctx context.Context, b *peer.Rembus, s Size) (Result, error) {
	c, err := b.Component(ctx, "")
	if err != nil {
		return Result{}, err
	}
	defer c.Close(ctx)
	table := batch(0, s.FrameRows)
	begin := time.Now()
	if err := frame.Publish(ctx, c.Topic("batch"), table); err != nil {
		return Result{}, err
	}
	if err := awaitRows(ctx, c, "batch", "n", float64(s.FrameRows), sumTo(s.FrameRows)); err != nil {
		return Result{}, err
	}
	return Result{Figure: float64(time.Since(begin).Microseconds()) / 1e3, Count: s.FrameRows}, nil
}

// rawAppender is the same without a broker.
func rawAppender(duckdb string) Contestant {
	return Contestant{Name: "raw Appender", Version: noVersion, Run: func(ctx context.Context, s Size) (result Result, err error) {
		dir, err := os.MkdirTemp("", "rembus-bench-")
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		figures, err := floor(ctx, duckdb, 1, "append", filepath.Join(dir, "raw.duckdb"), fmt.Sprint(s.FrameRows))
		if err != nil {
			return Result{}, err
		}
		return Result{Figure: figures[0], Count: s.FrameRows}, nil
	}}
}

// floor runs the program of cmd/duckdb and returns the n numbers that it prints.
func floor(ctx context.Context, program string, n int, args ...string) ([]float64, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	figures := make([]float64, n)
	pointers := make([]any, n)
	for i := range figures {
		pointers[i] = &figures[i]
	}
	if _, err := fmt.Sscan(string(out), pointers...); err != nil {
		return nil, fmt.Errorf("%s printed %q: %w", program, out, err)
	}
	return figures, nil
}
