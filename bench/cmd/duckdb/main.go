// Command duckdb is the floor of what the lake does: DuckDB without a broker, in a
// process of its own. It prints one number.
//
//	duckdb append FILE ROWS          ms to append ROWS rows to a new table and commit
//	duckdb query FILE SECONDS SQL    the median time of the query in µs; then its first row
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

func main() {
	err := errors.New("usage: duckdb append FILE ROWS | duckdb query FILE SECONDS SQL")
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "append":
		err = number(args[2], func(n float64) error { return appendRows(args[1], int(n)) })
	case len(args) == 4 && args[0] == "query":
		err = number(args[2], func(s float64) error { return query(args[1], time.Duration(s*float64(time.Second)), args[3]) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

func number(text string, do func(float64) error) error {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return err
	}
	return do(n)
}

// appendRows measures the driver's appender with what the table of the workload has.
func appendRows(file string, n int) (err error) {
	connector, err := duckdb.NewConnector(file, nil)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.Exec("CREATE TABLE batch (dn VARCHAR, temperature DOUBLE, pressure DOUBLE, n BIGINT, ok BOOLEAN)"); err != nil {
		return err
	}
	conn, err := connector.Connect(context.Background())
	if err != nil {
		return err
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("sensor%d", i%1000)
	}
	begin := time.Now()
	appender, err := duckdb.NewAppender(conn, "", "main", "batch")
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := appender.AppendRow(name, float64(i)/3, float64(i)/7, int64(i), i%2 == 0); err != nil {
			return err
		}
	}
	if err := appender.Close(); err != nil {
		return err
	}
	took := time.Since(begin)
	var rows int
	if err := db.QueryRow("SELECT count(*) FROM batch").Scan(&rows); err != nil || rows != n {
		return fmt.Errorf("%d rows are there, not %d: %w", rows, n, err)
	}
	fmt.Println(float64(took.Microseconds()) / 1e3)
	return conn.Close()
}

// query repeats a query that gives one row of two numbers.
func query(file string, d time.Duration, text string) (err error) {
	db, err := sql.Open("duckdb", file+"?access_mode=READ_ONLY&memory_limit=1GB")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var times []time.Duration
	var first, second float64
	for end := time.Now().Add(d + d/5); time.Now().Before(end) || len(times) < 6; {
		begin := time.Now()
		if err := db.QueryRow(text).Scan(&first, &second); err != nil {
			return err
		}
		times = append(times, time.Since(begin))
	}
	times = times[5:] // the first ones read the file
	slices.Sort(times)
	fmt.Println(float64(times[len(times)/2].Nanoseconds())/1e3, first, second)
	return nil
}
