package cursor_test

import (
	"database/sql/driver"
	"testing"

	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/lake/cursor"
)

// A million rows of telemetry as a DataFrame.
func BenchmarkMillionRows(b *testing.B) {
	conn := connect(b, `CREATE TABLE t AS SELECT 'site/' || (i % 1000) AS dn, random() AS temperature, i AS n,
		TIMESTAMP '2026-01-01' + to_seconds(i) AS ts, i % 2 = 0 AS ok FROM range(1000000) r(i)`)
	for b.Loop() {
		c, err := cursor.Open(b.Context(), conn, "SELECT * FROM t", nil)
		if err != nil {
			b.Fatal(err)
		}
		w := arrowipc.NewWriter(c.Schema(), 0)
		rows := 0
		for {
			batch, err := c.Next()
			if err != nil {
				b.Fatal(err)
			}
			if batch == nil {
				break
			}
			rows += int(batch.NumRows())
			if err := w.Write(batch); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := w.Bytes(); err != nil || rows != 1_000_000 {
			b.Fatal(rows, err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// One row, as a dashboard asks for it.
func BenchmarkOneRow(b *testing.B) {
	conn := connect(b, "CREATE TABLE t AS SELECT i AS n FROM range(100000) r(i)")
	for b.Loop() {
		c, err := cursor.Open(b.Context(), conn, "SELECT n FROM t WHERE n = $1", []driver.NamedValue{{Ordinal: 1, Value: int64(5000)}})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Next(); err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
