package workload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/component/frame"
)

const historyTable = `{"tables": [{"table": "history", "columns": [
	{"col": "dn", "type": "TEXT"}, {"col": "ts", "type": "TIMESTAMP"}, {"col": "temperature", "type": "DOUBLE"},
	{"col": "pressure", "type": "DOUBLE"}, {"col": "n", "type": "BIGINT"}]}]}`

// A day of history is a million rows of a thousand sensors in turn.
const (
	perDay   = 1_000_000
	sensors  = 1000
	interval = 24 * time.Hour / perDay
)

var historyBegin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// history is a large table that several workloads query. It is made once.
type history struct {
	broker peer.Rembusd
	once   sync.Once
	dir    string
	rows   int
	err    error
}

// make publishes the rows, a day a DataFrame, and stops the broker.
func (h *history) make(ctx context.Context, s Size) error {
	h.once.Do(func() {
		h.rows = s.LakeRows
		if h.dir, h.err = os.MkdirTemp("", "rembus-bench-"); h.err == nil {
			h.broker.Home = h.dir
			h.err = h.fill(ctx)
		}
	})
	return h.err
}

func (h *history) fill(ctx context.Context) (err error) {
	b, err := h.broker.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Stop()) }()
	c, err := b.Component(ctx, "")
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	for n := 0; n < h.rows; {
		next := min(n+perDay, h.rows)
		if err := frame.Publish(ctx, c.Topic("history", component.WithQoS(component.QoS1)), historyRows(n, next)); err != nil {
			return err
		}
		n = next
		if err := awaitRows(ctx, c, "history", "n", float64(n), sumTo(n)); err != nil {
			return err
		}
	}
	return nil
}

func historyRows(from, to int) arrow.RecordBatch {
	r := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "dn", Type: arrow.BinaryTypes.String}, {Name: "ts", Type: arrow.FixedWidthTypes.Timestamp_us},
		{Name: "temperature", Type: arrow.PrimitiveTypes.Float64}, {Name: "pressure", Type: arrow.PrimitiveTypes.Float64},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil))
	for i := from; i < to; i++ {
		r.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("sensor%d", i%sensors))
		r.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(instant(i).UnixMicro()))
		r.Field(2).(*array.Float64Builder).Append(float64(i%500) / 10)
		r.Field(3).(*array.Float64Builder).Append(1000 + float64(i%70))
		r.Field(4).(*array.Int64Builder).Append(int64(i))
	}
	return r.NewRecordBatch()
}

func instant(i int) time.Time { return historyBegin.Add(time.Duration(i) * interval) }

func timestamp(i int) string {
	return "TIMESTAMP '" + instant(i).Format("2006-01-02 15:04:05.000000") + "'"
}

// remove deletes the table.
func (h *history) remove() error {
	if h.dir == "" {
		return nil
	}
	return os.RemoveAll(h.dir)
}

// question is a query that gives two numbers, the second of which is known.
type question struct{ columns, where string }

// point asks for one row in the middle.
func (h *history) point() (question, float64) {
	i := h.rows / 2
	return question{"temperature, CAST(n AS DOUBLE) AS n", fmt.Sprintf("dn = 'sensor%d' AND ts = %s", i%sensors, timestamp(i))}, float64(i)
}

// day asks for what sums up a day in the middle.
func (h *history) day() (question, float64) {
	from := h.rows / 2 / perDay * perDay
	to := min(from+perDay, h.rows)
	return question{"avg(temperature) AS t, CAST(count(*) AS DOUBLE) AS n",
		fmt.Sprintf("ts >= %s AND ts < %s", timestamp(from), timestamp(to))}, float64(to - from)
}

// ours is the median time in µs of the question, asked through a broker.
func (h *history) ours(ask func() (question, float64)) Contestant {
	p := h.broker.Peer()
	return Contestant{Name: p.Name, Version: p.Version, Run: func(ctx context.Context, s Size) (_ Result, err error) {
		b, err := h.broker.Start(ctx)
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, b.Stop()) }()
		c, err := b.Component(ctx, "")
		if err != nil {
			return Result{}, err
		}
		defer c.Close(ctx)
		q, want := ask()
		times, err := repeat(ctx, s.Time, func() error { return q.check(ctx, c, want) })
		return Result{Figure: median(times), Count: len(times)}, err
	}}
}

func (q question) check(ctx context.Context, c *component.Component, want float64) error {
	_, got, err := ask(ctx, c, "history", map[string]any{"cols": q.columns, "where": q.where})
	if err == nil && got != want {
		err = fmt.Errorf("the query gave %v, not %v", got, want)
	}
	return err
}

// alone is the same by DuckDB on the same file.
func (h *history) alone(duckdb string, ask func() (question, float64)) Contestant {
	return Contestant{Name: "DuckDB alone", Version: noVersion, Run: func(ctx context.Context, s Size) (Result, error) {
		q, want := ask()
		figures, err := floor(ctx, duckdb, 3, "query", filepath.Join(h.dir, "broker", "lake.duckdb"),
			fmt.Sprint(s.Time.Seconds()), "SELECT "+q.columns+" FROM history WHERE "+q.where)
		if err == nil && figures[2] != want {
			err = fmt.Errorf("the query gave %v, not %v", figures[2], want)
		}
		if err != nil {
			return Result{}, err
		}
		return Result{Figure: figures[0]}, nil
	}}
}
