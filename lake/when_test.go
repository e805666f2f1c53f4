package lake_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// noon is the time around which these tests play, in seconds since 1970.
const noon = 1_800_000_000

// at appends a message that was received so many microseconds after noon.
func (b *bench) at(micro int64, topic string, args ...any) uint64 {
	b.t.Helper()
	p, err := protocol.EncodeArgs(args...)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.log.append(&protocol.Entry{Time: (noon*1e6 + micro) * 1000, Msg: protocol.NewPub(topic, p)})
}

// command appends an upsert or deletion of the same.
func (b *bench) command(micro int64, kind protocol.EntryKind, table string, args ...any) {
	b.t.Helper()
	p, err := protocol.EncodeArgs(args...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.log.append(&protocol.Entry{Time: (noon*1e6 + micro) * 1000, Kind: kind, Msg: protocol.NewPub(table, p)})
}

// The forms of when: seconds since 1970, with or without a fraction, or text.
func TestWhenForms(t *testing.T) {
	b := start(t, &memLog{}, nil)
	b.at(0, "counter", row{"k": 1, "v": 1})
	b.at(500_000, "counter", row{"k": 1, "v": 2})
	b.at(1_000_000, "counter", row{"k": 1, "v": 3})
	b.at(1_000_001, "counter", row{"k": 1, "v": 4})
	for _, c := range []struct {
		when any
		rows string
	}{
		{noon, `[{"v":1}]`},
		{noon - 1, `[]`},
		{noon + 1, `[{"v":3}]`},
		{noon + 0.25, `[{"v":1}]`},
		{noon + 0.5, `[{"v":2}]`},
		{noon + 0.499999, `[{"v":1}]`},
		{noon + 1.000001, `[{"v":4}]`},
		{-1, `[]`},
		{-5.5, `[]`},
		{9_000_000_000, `[{"v":4}]`},
		{uint64(noon), `[{"v":1}]`},
		{"2027-01-15T08:00:00", `[{"v":1}]`},
		{"2027-01-15 08:00:00.5", `[{"v":2}]`},
		{"2027-01-15T08:00:00.5Z", `[{"v":2}]`},
		{"2027-01-15T09:00:00.5+01:00", `[{"v":2}]`},
		{"2027-01-15T03:00:00.499999-0500", `[{"v":1}]`},
		{"2027-01-15T08:00", `[{"v":1}]`},
		{"2027-01-15", `[]`},
		{"2027-01-16", `[{"v":4}]`},
		{time.Unix(noon, 500_000_000).UTC(), `[{"v":2}]`},
		{"0001-01-01", `[]`},
		{"9999-12-31T23:59:59Z", `[{"v":4}]`},
		{nil, `[{"v":4}]`},
	} {
		b.want("query_counter", row{"cols": "v", "when": c.when}, c.rows)
	}
	for _, when := range []any{"", "now", "yesterday", "2027-01-15T25:00:00", "2027-13-01", "1800000000", "2027-01-15T08:00:00 Europe/Rome",
		"10000-01-01", true, []any{noon}, row{"t": noon}, math.NaN(), math.Inf(1), math.Inf(-1), 1e18, 1e300, int64(noon) * 1000,
		uint64(math.MaxUint64), math.MinInt64, []byte("2027-01-15")} {
		b.refused("when must be seconds since 1970", "query_counter", row{"when": when})
	}
}

// Text without a zone is the time in the zone of the options.
func TestWhenInAZone(t *testing.T) {
	zone := time.FixedZone("two hours east", 2*3600)
	b := start(t, &memLog{}, func(o *lake.Options) { o.Timezone = zone })
	b.at(0, "counter", row{"k": 1})
	for when, n := range map[string]int{"2027-01-15T10:00:00": 1, "2027-01-15T09:59:59": 0, "2027-01-15T08:00:00Z": 1, "2027-01-15T07:59:59Z": 0,
		"2027-01-15 11:00:00+03:00": 1} {
		b.want("query_counter", row{"cols": "count(*) AS n", "when": when}, fmt.Sprintf(`[{"n":%d}]`, n))
	}
}

// where and cols work on the table as it was, and see nothing else of it.
func TestWhenWithWhereAndCols(t *testing.T) {
	b := start(t, &memLog{}, onDisk(t))
	for i := range 10 {
		b.at(int64(i), "counter", row{"k": i, "v": i})
	}
	b.command(100, protocol.EntryDelete, "counter", row{"where": "k < 5"})
	b.at(200, "counter", row{"k": 7, "v": 70})
	b.want("query_counter", row{"cols": "count(*) AS n, sum(v) AS s", "when": noon + 0.00005}, `[{"n":10,"s":45}]`)
	b.want("query_counter", row{"cols": "count(*) AS n, sum(v) AS s", "when": noon + 0.00015}, `[{"n":5,"s":35}]`)
	b.want("query_counter", row{"cols": []string{"counter.k AS key"}, "where": "counter.v > 7 -- newest", "when": noon + 0.00015}, `[{"key":8},{"key":9}]`)
	b.want("query_counter", row{"cols": "k", "where": "v = 70"}, `[{"k":7}]`)
	for _, text := range []string{"_seq > 0", "_from IS NULL", "_until IS NULL", "k IN (SELECT k FROM _rembus_past.counter)", "k = $1", "k = ?", "1=1) OR (1=1"} {
		b.refused("refused SQL", "query_counter", row{"where": text, "when": noon})
		b.refused("refused SQL", "query_counter", row{"cols": text, "when": noon, "limit": 1})
	}
}

// A table without keys is as it was, too, deletions included.
func TestWhenWithoutKeys(t *testing.T) {
	b := start(t, &memLog{}, onDisk(t))
	for i := range 5 {
		b.at(int64(i)*10, "a/telemetry", row{"n": i})
	}
	b.command(100, protocol.EntryDelete, "telemetry", row{"where": "n % 2 = 0"})
	b.at(200, "a/telemetry", row{"n": 5})
	b.command(300, protocol.EntryDelete, "telemetry", nil)
	for _, c := range []struct {
		micro int64
		rows  string
	}{
		{-1, `[]`},
		{15, `[{"n":0},{"n":1}]`},
		{99, `[{"n":0},{"n":1},{"n":2},{"n":3},{"n":4}]`},
		{100, `[{"n":1},{"n":3}]`},
		{250, `[{"n":1},{"n":3},{"n":5}]`},
		{300, `[]`},
	} {
		b.want("query_telemetry", row{"cols": "n", "when": noon + float64(c.micro)/1e6, "limit": 100}, c.rows)
	}
	b.want("query_telemetry", nil, `[]`)
}

// A clock that is set back harms nothing, not even when the broker is started anew:
// what comes later is later.
func TestClockSetBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lake.duckdb")
	log := &memLog{}
	run := func(fn func(b *bench)) {
		b := start(t, log, func(o *lake.Options) { o.Path = path })
		fn(b)
		if err := b.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	count := func(b *bench, micro, n int) {
		t.Helper()
		b.want("query_telemetry", row{"cols": "count(*) AS n", "when": noon + float64(micro)/1e6}, fmt.Sprintf(`[{"n":%d}]`, n))
	}
	run(func(b *bench) {
		b.at(100, "a/telemetry", row{"n": 1})
		b.at(50, "a/telemetry", row{"n": 2})
		count(b, 75, 0)
		count(b, 100, 2)
	})
	run(func(b *bench) {
		b.at(-5e9, "a/telemetry", row{"n": 3})
		b.at(60, "a/telemetry", row{"n": 4})
		b.command(70, protocol.EntryDelete, "telemetry", row{"where": "n = 1"})
		b.at(120, "a/telemetry", row{"n": 5})
		count(b, 99, 0)
		count(b, 100, 3)
		count(b, 119, 3)
		count(b, 120, 4)
	})
}

// Pages of one state fit together while rows are added, changed and deleted.
func TestPages(t *testing.T) {
	b := start(t, &memLog{}, onDisk(t))
	b.at(0, "telemetry", frame2(t, 0, 40))
	for i := 40; i < 60; i++ {
		b.at(int64(i), "a/telemetry", row{"n": i})
		b.at(int64(i), "counter", row{"k": 99 - i, "v": i})
	}
	pages := func(table, col string, args row, between func(page int)) (got []any) {
		for page := range 7 {
			args["limit"], args["offset"], args["cols"] = 10, 10*page, col
			got = append(got, b.list("query_"+table, args)...)
			if between != nil {
				between(page)
			}
		}
		return got
	}
	numbers := func(from, to int) (want []any) {
		for i := from; i < to; i++ {
			want = append(want, float64(i))
		}
		return want
	}
	same := func(got, want []any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
	same(pages("telemetry", "n", row{}, nil), numbers(0, 60))
	same(pages("counter", "k", row{}, nil), numbers(40, 60))
	same(pages("counter", "k", row{"where": "k % 2 = 0"}, nil), []any{40.0, 42.0, 44.0, 46.0, 48.0, 50.0, 52.0, 54.0, 56.0, 58.0})
	disturb := func(page int) {
		micro := int64(1000 + page)
		b.command(micro, protocol.EntryDelete, "telemetry", row{"where": fmt.Sprintf("n %% 7 = %d", page)})
		b.at(micro, "a/telemetry", row{"n": -1})
		b.command(micro, protocol.EntryDelete, "counter", row{"where": fmt.Sprintf("k = %d", 45+page)})
		b.at(micro, "counter", row{"k": 40 + page, "v": 0})
		b.at(micro, "counter", row{"k": page})
	}
	same(pages("telemetry", "n", row{"when": noon + 0.0005}, disturb), numbers(0, 60))
	same(pages("counter", "k", row{"when": noon + 0.0005}, disturb), numbers(40, 60))
	same(pages("telemetry", "n", row{"when": noon + 0.0005, "where": "n >= 20"}, nil), numbers(20, 60))

	b.want("query_telemetry", row{"cols": "n", "limit": 0}, `[]`)
	b.want("query_counter", row{"cols": "k", "offset": 1000}, `[]`)
	b.want("query_counter", row{"cols": "k", "limit": 1.0, "when": noon + 0.0005}, `[{"k":40}]`)
	b.want("query_counter", row{"cols": "count(*) AS n", "limit": 5, "when": noon + 0.0005}, `[{"n":20}]`)
	b.want("query_counter", row{"cols": "k", "limit": int64(1) << 53, "offset": int64(1) << 53}, `[]`)
	for _, wrong := range []any{-1, 1.5, "10", true, math.NaN(), math.Inf(1), 1e300, uint64(math.MaxUint64), []any{1}} {
		b.refused("limit must be a whole number", "query_counter", row{"limit": wrong})
		b.refused("offset must be a whole number", "query_counter", row{"offset": wrong})
	}
	b.refused("invalid key", "delete_counter", row{"limit": 1})
}

// Results above the limits say how to page, and then do.
func TestPagesOfWhatIsTooMuch(t *testing.T) {
	b := start(t, &memLog{}, func(o *lake.Options) { o.MaxRows = 25 })
	b.at(0, "telemetry", frame2(t, 0, 60))
	b.refused("page with limit and offset", "query_telemetry", nil)
	b.refused("page with limit and offset", "query_telemetry", row{"limit": 26})
	n := 0
	for page := range 3 {
		n += len(b.list("query_telemetry", row{"cols": "n", "limit": 25, "offset": 25 * page, "when": noon}))
	}
	if n != 60 {
		t.Errorf("%d rows", n)
	}
}
