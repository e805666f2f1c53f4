package lake

import (
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Whatever the argument of a query holds, it is read or refused, and what is read is
// within its bounds.
func FuzzQuestion(f *testing.F) {
	for _, v := range []any{
		nil, map[string]any{}, map[string]any{"where": "k = 1", "cols": []string{"k"}, "when": 1.5, "limit": 10, "offset": 20},
		map[string]any{"when": "2026-01-31T10:20:30.5+01:00"}, map[string]any{"when": "2026-01-31 10:20"}, map[string]any{"when": time.Unix(0, 1)},
		map[string]any{"limit": -1}, map[string]any{"limit": 1e300}, map[string]any{"when": []any{1}}, []any{1, 2}, "text",
	} {
		p, err := protocol.EncodeArgs(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Raw())
	}
	zone := time.FixedZone("", 3600)
	f.Fuzz(func(t *testing.T, data []byte) {
		p := protocol.NewPayload(protocol.CBOR, data)
		q, err := queryOf(p, "where", "cols", "when", "limit", "offset")
		if err != nil {
			return
		}
		if q.limit < -1 || q.offset < 0 || q.limit > 1<<53 || q.offset > 1<<53 {
			t.Errorf("limit %d, offset %d", q.limit, q.offset)
		}
		if at, err := instantFrom(q.when, zone); err == nil && (at.Location() != time.UTC || at.Year() < 0 || at.Year() > 10000) {
			t.Errorf("%v is %v", q.when, at)
		}
	})
}
