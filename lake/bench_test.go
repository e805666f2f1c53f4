package lake_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

const benchTables = `{"tables": [
	{"table": "plain", "topic": ":dn/plain", "columns": [
		{"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}, {"col": "pressure", "type": "DOUBLE"},
		{"col": "n", "type": "BIGINT"}, {"col": "ok", "type": "BOOLEAN"}]},
	{"table": "keyed", "topic": ":dn/keyed", "delete_topic": ":dn/gone", "keys": ["dn"], "columns": [
		{"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}, {"col": "pressure", "type": "DOUBLE"},
		{"col": "n", "type": "BIGINT"}, {"col": "ok", "type": "BOOLEAN"}]}]}`

// store measures how long a lake takes to write n messages of the log.
func store(b *testing.B, log *memLog) {
	path := filepath.Join(b.TempDir(), "lake.duckdb")
	l, err := lake.Open(context.Background(), lake.Options{Path: path, Schema: parse(b, benchTables)})
	if err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	log.Commit()
	l.Start(log)
	if err := l.Await(context.Background(), log.End()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if l.Refused() > 0 {
		b.Fatal(l.Refused(), " rows refused")
	}
	if err := l.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkMaps(b *testing.B) {
	for _, table := range []string{"plain", "keyed"} {
		b.Run(table, func(b *testing.B) {
			const n = 200_000
			for range b.N {
				b.StopTimer()
				log := &memLog{}
				for i := range n {
					log.publish(b, fmt.Sprintf("sensor%d/%s", i%1000, table),
						row{"temperature": 18.5, "pressure": 1013.25, "n": i, "ok": true})
				}
				store(b, log)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkDeletions is the cost of messages that add and delete rows in turn.
func BenchmarkDeletions(b *testing.B) {
	const n = 100_000
	for range b.N {
		b.StopTimer()
		log := &memLog{}
		for i := range n / 2 {
			log.publish(b, fmt.Sprintf("sensor%d/keyed", i%1000), row{"n": i})
			log.publish(b, fmt.Sprintf("sensor%d/gone", i%1000))
		}
		store(b, log)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func benchFrame(b testing.TB, n int) protocol.DataFrame {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "dn", Type: arrow.BinaryTypes.String}, {Name: "temperature", Type: arrow.PrimitiveTypes.Float64},
		{Name: "pressure", Type: arrow.PrimitiveTypes.Float64}, {Name: "n", Type: arrow.PrimitiveTypes.Int64},
		{Name: "ok", Type: arrow.FixedWidthTypes.Boolean}}, nil)
	r := array.NewRecordBuilder(memory.DefaultAllocator, s)
	for i := range n {
		r.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("sensor%d", i))
		r.Field(1).(*array.Float64Builder).Append(float64(i) / 3)
		r.Field(2).(*array.Float64Builder).Append(float64(i) / 7)
		r.Field(3).(*array.Int64Builder).Append(int64(i))
		r.Field(4).(*array.BooleanBuilder).Append(i%2 == 0)
	}
	frame, err := arrowipc.Encode(s, r.NewRecordBatch())
	if err != nil {
		b.Fatal(err)
	}
	return frame
}

func BenchmarkFrame(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		frame := benchFrame(b, n)
		for _, topic := range []string{"plain", "keyed"} {
			b.Run(fmt.Sprintf("%s/%d", topic, n), func(b *testing.B) {
				for range b.N {
					b.StopTimer()
					log := &memLog{}
					log.publish(b, topic, frame)
					store(b, log)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

func BenchmarkQuery(b *testing.B) {
	log := &memLog{}
	l := start(b, log, func(o *lake.Options) { o.Schema = parse(b, benchTables) })
	log.publish(b, "plain", benchFrame(b, 1_000_000))
	if _, err := l.call("query_plain", row{"cols": "count(*)"}); err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := l.call("query_plain", row{"where": fmt.Sprintf("n < %d", n)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "lake.duckdb")
	for b.Loop() {
		l, err := lake.Open(context.Background(), lake.Options{Path: path, Schema: parse(b, tables)})
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpsertCall(b *testing.B) {
	l := start(b, &memLog{}, onDisk(b))
	began := time.Now()
	for i := range b.N {
		l.ok("upsert_counter", row{"k": i % 1000, "v": i})
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "calls/s")
}

// BenchmarkAppender is the floor of BenchmarkFrame: the same rows given to the
// driver's appender, committed.
func BenchmarkAppender(b *testing.B) {
	const n = 1_000_000
	for range b.N {
		b.StopTimer()
		c, err := duckdb.NewConnector(filepath.Join(b.TempDir(), "raw.duckdb"), nil)
		if err != nil {
			b.Fatal(err)
		}
		db := sql.OpenDB(c)
		if _, err := db.Exec("CREATE TABLE t (dn VARCHAR, temperature DOUBLE, pressure DOUBLE, n BIGINT, ok BOOLEAN)"); err != nil {
			b.Fatal(err)
		}
		conn, err := c.Connect(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("sensor%d", i)
		}
		b.StartTimer()
		a, err := duckdb.NewAppender(conn, "", "main", "t")
		if err != nil {
			b.Fatal(err)
		}
		for i, name := range names {
			if err := a.AppendRow(name, float64(i)/3, float64(i)/7, int64(i), i%2 == 0); err != nil {
				b.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
