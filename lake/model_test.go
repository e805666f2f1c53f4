package lake_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/protocol"
)

// version is what a key of the table counter had from one instant to another, in
// microseconds after noon.
type version struct {
	v, w     any
	from, to int64 // to is 0 while it is the last
}

// model is the dumb version of the table counter: it keeps everything.
type model map[int][]version

// now is the version that a key has, nil for none.
func (m model) now(k int) *version {
	if n := len(m[k]); n > 0 && m[k][n-1].to == 0 {
		return &m[k][n-1]
	}
	return nil
}

// put gives a key another version, of which overwrite says what replaces even by nil.
func (m model) put(at int64, k int, values [2]any, overwrite [2]bool) {
	next := version{from: at}
	if old := m.now(k); old != nil {
		next.v, next.w = old.v, old.w
		old.to = at
	}
	if values[0] != nil || overwrite[0] {
		next.v = values[0]
	}
	if values[1] != nil || overwrite[1] {
		next.w = values[1]
	}
	m[k] = append(m[k], next)
}

// batch applies the rows of one upsert or frame.
func (m model) batch(at int64, rows [][3]any, nulls bool) {
	last := map[int][2]any{}
	overwrite := [2]bool{nulls, nulls}
	for _, r := range rows {
		last[r[0].(int)] = [2]any{r[1], r[2]}
		overwrite[0] = overwrite[0] || r[1] != nil
		overwrite[1] = overwrite[1] || r[2] != nil
	}
	for k, values := range last {
		m.put(at, k, values, overwrite)
	}
}

func (m model) remove(at int64, k int) {
	if old := m.now(k); old != nil {
		old.to = at
	}
}

// rows are those of an instant as query_T gives them, by key.
func (m model) rows(at int64) string {
	out := []row{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		for _, x := range m[k] {
			if x.from <= at && (x.to == 0 || x.to > at) {
				out = append(out, row{"k": k, "v": x.v, "w": x.w})
			}
		}
	}
	return text(out)
}

// history is what history_T gives.
func (m model) history(k int) string {
	show := func(micro int64) any {
		if micro == 0 {
			return nil
		}
		return time.UnixMicro(noon*1e6 + micro).UTC()
	}
	out := []row{}
	for _, x := range m[k] {
		out = append(out, row{"k": k, "v": x.v, "w": x.w, "valid_from": show(x.from), "valid_to": show(x.to)})
	}
	return text(out)
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// lived is a lake that is used by one check after the other, each with keys and a
// time of its own.
type lived struct {
	*bench
	path  string
	batch int
	key   int   // the first of the next check
	wall  int64 // what the clock shows, in microseconds after noon
	clock int64 // the same, never going back
}

const modelTables = `{"tables": [{"table": "counter", "keys": ["k"], "delete_topic": "gone/:k", "columns": [
	{"col": "k", "type": "INTEGER"}, {"col": "v", "type": "BIGINT"}, {"col": "w", "type": "TEXT"}]}]}`

func (l *lived) open(log *memLog) {
	l.bench = start(l.t, log, func(o *lake.Options) {
		o.Path, o.Schema, o.BatchRows = l.path, parse(l.t, modelTables), l.batch
	})
}

func (l *lived) restart(rt *rapid.T) {
	if err := l.Close(l.t.Context()); err != nil {
		rt.Fatal(err)
	}
	l.open(l.log)
}

// What random messages, frames, upserts, deletions and restarts leave is what the
// model has, now and at each instant, whatever the size of the batches and however
// the clock jumps.
func TestModel(t *testing.T) {
	lakes := map[int]*lived{}
	for _, batch := range []int{1, 3, 1000} {
		l := &lived{path: filepath.Join(t.TempDir(), "lake.duckdb"), batch: batch, clock: 1}
		l.bench = &bench{t: t}
		l.open(&memLog{})
		l.at(l.clock, "counter", row{"k": -1})
		lakes[batch] = l
	}
	rapid.Check(t, func(rt *rapid.T) {
		lakes[rapid.SampledFrom([]int{1, 3, 1000}).Draw(rt, "batch")].check(rt)
	})
}

func (l *lived) check(rt *rapid.T) {
	const keys = 4
	l.key += keys
	first := l.key
	l.wall = l.clock + 10
	m, instants := model{}, []int64{l.clock}
	key := rapid.IntRange(first, first+keys-1)
	v := rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.IntRange(0, 99), func(n int) any { return n }))
	w := rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.StringMatching(`[a-c]{1,3}`), func(s string) any { return s }))
	rows := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [3]any {
		return [3]any{key.Draw(rt, "k"), v.Draw(rt, "v"), w.Draw(rt, "w")}
	}), 1, 4)
	for range rapid.IntRange(1, 25).Draw(rt, "steps") {
		l.wall += rapid.SampledFrom([]int64{0, 1, 7, 150, 1_000_000, -3, -2_000_000}).Draw(rt, "tick")
		step := rapid.IntRange(0, 8).Draw(rt, "step")
		if step < 7 { // the lake learns the time from what it takes
			l.clock = max(l.clock, l.wall)
			instants = append(instants, l.clock)
		}
		switch step {
		case 0, 1:
			k, v, w := key.Draw(rt, "k"), v.Draw(rt, "v"), w.Draw(rt, "w")
			l.at(l.wall, "counter", row{"k": k, "v": v, "w": w})
			m.put(l.clock, k, [2]any{v, w}, [2]bool{})
		case 2:
			r := rows.Draw(rt, "rows")
			l.at(l.wall, "counter", frame(l.t, r...))
			m.batch(l.clock, r, false)
		case 3:
			r, nulls := rows.Draw(rt, "rows"), rapid.Bool().Draw(rt, "nulls")
			var items []any
			for _, x := range r {
				items = append(items, row{"k": x[0], "v": x[1], "w": x[2]})
			}
			l.command(l.wall, protocol.EntryUpsert, "counter", items, row{"nulls": nulls})
			m.batch(l.clock, r, nulls)
		case 4:
			r := rows.Draw(rt, "rows")
			l.at(l.wall, fmt.Sprintf("gone/%d", first), frame(l.t, r...))
			for _, x := range r {
				m.remove(l.clock, x[0].(int))
			}
		case 5:
			most := key.Draw(rt, "most")
			l.command(l.wall, protocol.EntryDelete, "counter", row{"where": fmt.Sprintf("k BETWEEN %d AND %d", first, most)})
			for k := first; k <= most; k++ {
				m.remove(l.clock, k)
			}
		case 6:
			k := key.Draw(rt, "k")
			l.at(l.wall, fmt.Sprintf("gone/%d", k))
			m.remove(l.clock, k)
		case 7:
			l.at(l.wall, "counter", row{"k": "wrong"})
		case 8:
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				l.restart(rt)
			}
		}
	}
	l.compare(rt, m, first, instants)
}

// compare asks for the table now and at some of the instants, and for the versions
// of a key.
func (l *lived) compare(rt *rapid.T, m model, first int, instants []int64) {
	mine := row{"where": fmt.Sprintf("k >= %d", first), "limit": 100}
	if got, want := l.rows("query_counter", mine), m.rows(l.clock); got != want {
		rt.Fatalf("now\ngot  %s\nwant %s", got, want)
	}
	for range min(5, len(instants)) {
		at := rapid.SampledFrom(instants).Draw(rt, "instant")
		mine["when"] = time.UnixMicro(noon*1e6 + at).UTC().Format("2006-01-02T15:04:05.999999Z")
		if got, want := l.rows("query_counter", mine), m.rows(at); got != want {
			rt.Fatalf("when %v\ngot  %s\nwant %s", mine["when"], got, want)
		}
	}
	k := rapid.SampledFrom([]int{first, first + 1, first + 2, first + 3}).Draw(rt, "k")
	got := l.rows("history_counter", k)
	var parsed []row
	if err := json.Unmarshal([]byte(got), &parsed); err != nil {
		rt.Fatal(err)
	}
	if want := m.history(k); text(parsed) != want {
		rt.Fatalf("history of %d\ngot  %s\nwant %s", k, got, want)
	}
}
