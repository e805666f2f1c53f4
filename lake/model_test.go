package lake_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/rembus-go/rembus/lake"
	"pgregory.net/rapid"
)

// model is the dumb version of the table counter.
type model map[int]*[2]any

func (m model) merge(k int, v, w any, nulls bool) {
	if m[k] == nil {
		m[k] = &[2]any{}
	}
	for i, x := range []any{v, w} {
		if x != nil || nulls {
			m[k][i] = x
		}
	}
}

// batch applies the rows of one upsert or frame.
func (m model) batch(rows [][3]any, nulls bool) {
	last := map[int][3]any{}
	var some [2]bool
	for _, r := range rows {
		last[r[0].(int)] = r
		some[0] = some[0] || r[1] != nil
		some[1] = some[1] || r[2] != nil
	}
	for k, r := range last {
		if m[k] == nil {
			m[k] = &[2]any{}
		}
		for i := range 2 {
			if some[i] || nulls {
				m[k][i] = r[i+1]
			}
		}
	}
}

// What random messages, frames, upserts and deletions leave is what the model
// has, whatever the size of the batches.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := &memLog{}
		m := model{}
		batch := rapid.SampledFrom([]int{1, 3, 1000}).Draw(rt, "batch")
		b := start(t, log, func(o *lake.Options) { o.BatchRows = batch })
		defer b.Close(expired())
		key := rapid.IntRange(0, 4)
		v := rapid.Custom(func(rt *rapid.T) any {
			if rapid.Bool().Draw(rt, "null") {
				return nil
			}
			return rapid.IntRange(0, 99).Draw(rt, "v")
		})
		w := rapid.Custom(func(rt *rapid.T) any {
			if rapid.Bool().Draw(rt, "null") {
				return nil
			}
			return rapid.StringMatching(`[a-c]{1,3}`).Draw(rt, "w")
		})
		rows := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [3]any {
			return [3]any{key.Draw(rt, "k"), v.Draw(rt, "v"), w.Draw(rt, "w")}
		}), 1, 4)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0, 1:
				k, v, w := key.Draw(rt, "k"), v.Draw(rt, "v"), w.Draw(rt, "w")
				log.publish(t, "counter", row{"k": k, "v": v, "w": w})
				m.merge(k, v, w, false)
			case 2:
				r := rows.Draw(rt, "rows")
				log.publish(t, "counter", frame(t, r...))
				m.batch(r, false)
			case 3:
				r, nulls := rows.Draw(rt, "rows"), rapid.Bool().Draw(rt, "nulls")
				var maps []any
				for _, x := range r {
					maps = append(maps, row{"k": x[0], "v": x[1], "w": x[2]})
				}
				b.ok("upsert_counter", maps, row{"nulls": nulls})
				m.batch(r, nulls)
			case 4:
				log.publish(t, "counter", row{"k": "wrong"})
			case 5:
				most := rapid.IntRange(-1, 3).Draw(rt, "k")
				b.ok("delete_counter", row{"where": fmt.Sprintf("k <= %d", most)})
				for k := range m {
					if k <= most {
						delete(m, k)
					}
				}
			}
		}
		var got []struct {
			K    int
			V, W any
		}
		if err := json.Unmarshal([]byte(b.counters()), &got); err != nil {
			rt.Fatal(err)
		}
		have := model{}
		for _, r := range got {
			if f, ok := r.V.(float64); ok {
				r.V = int(f)
			}
			if have[r.K] != nil {
				rt.Fatalf("key %d twice", r.K)
			}
			have[r.K] = &[2]any{r.V, r.W}
		}
		if !reflect.DeepEqual(have, m) {
			rt.Fatalf("got  %s\nwant %s", show(have), show(m))
		}
	})
}

func show(m model) string {
	text, _ := json.Marshal(m)
	return string(text)
}
