package lake_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/rembus-go/rembus/lake"
)

// A plan of DuckDB's does not look for what no row had when it was made. What is asked
// again after something was stored must not be answered by it.
func TestPlansFollowTheTables(t *testing.T) {
	b := start(t, &memLog{}, onDisk(t))
	b.log.publish(t, "counter", row{"k": 1, "v": 1})
	const text = "SELECT k FROM counter WHERE v > 5 ORDER BY k"
	question := row{"cols": "k", "where": "v > 5"}
	asked := func(rows string) {
		t.Helper()
		for range 4 { // on both sessions
			b.wantSQL(rows, text)
			b.want("query_counter", question, rows)
		}
	}
	asked(`[]`)
	b.log.publish(t, "counter", row{"k": 2, "v": 7})
	asked(`[{"k":2}]`)
	b.ok("upsert_counter", row{"k": 1, "v": 9000000000})
	b.wantSQL(`[{"k":1},{"k":2}]`, text)
	b.ok("delete_counter", row{"where": "v > 5"})
	asked(`[]`)
	b.wantSQL(`[{"c":0}]`, "SELECT count(v) AS c FROM counter WHERE v IS NOT NULL")
	b.log.publish(t, "counter", row{"k": 3})
	b.wantSQL(`[{"k":3}]`, "SELECT k FROM counter WHERE v IS NULL")
}

// The same while rows come all the time: what was stored before a question is in its
// answer.
func TestPlansWhileRowsCome(t *testing.T) {
	b := start(t, &memLog{}, func(o *lake.Options) { o.Queries = 3 })
	b.ok("upsert_counter", row{"k": 0, "v": 0})
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// Every state of the table has as many rows as its largest number says.
				if got := b.rows("sql", "SELECT max(v) = count(*) - 1 AND count(*) = (SELECT count(*) FROM counter WHERE v >= 0) AS whole FROM counter"); got != `[{"whole":true}]` {
					t.Error(got)
					return
				}
			}
		})
	}
	for i := 1; i <= 100; i++ {
		b.ok("upsert_counter", row{"k": i, "v": i})
		for j := range 3 {
			b.wantSQL(fmt.Sprintf(`[{"v":%d}]`, i), "SELECT max(v) AS v FROM counter WHERE v >= 0")
			b.wantSQL(fmt.Sprintf(`[{"c":%d}]`, max(i-49, 0)), "SELECT count(*) AS c FROM counter WHERE v >= 50")
			if j > 0 && i%10 > 0 {
				break
			}
		}
	}
	close(stop)
	all.Wait()
}

// What differs from one time to the next is made anew by the same plan; errors and many
// other texts between do not matter.
func TestPlansRunAgain(t *testing.T) {
	b := filled(t, onDisk(t))
	const clock = "SELECT epoch_us(current_timestamp) AS t"
	seen := make(map[string]bool)
	for range 6 {
		seen[b.rows("sql", clock)] = true
	}
	if len(seen) != 6 {
		t.Errorf("the clock stands still: %v", seen)
	}
	for i := range 40 {
		b.wantSQL(`[{"n":5}]`, "SELECT max(n) AS n FROM telemetry")
		b.wantSQL(fmt.Sprintf(`[{"i":%d}]`, i), fmt.Sprintf("SELECT %d AS i", i))
		b.refusedSQL("Conversion", "SELECT w::INTEGER FROM counter")
		b.wantSQL(`[{"n":3}]`, "SELECT n FROM telemetry WHERE n = $1", 3)
		b.wantSQL(`[{"n":4}]`, "SELECT n FROM telemetry WHERE n = $1", 4)
	}
	long := "SELECT 1 AS a -- " + strings.Repeat("x", 5000)
	for range 3 {
		b.wantSQL(`[{"a":1}]`, long)
	}
}
