package guard_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/lake/guard"
)

// verdict is 0 when a text passes, 1 when it is refused, 2 when the parser is gone and
// the text is not among those that are remembered.
func verdict(err error) int {
	var refusal *guard.Refusal
	switch {
	case err == nil:
		return 0
	case errors.As(err, &refusal):
		return 1
	}
	return 2
}

func wantVerdict(t *testing.T, want int, what string, err error) {
	t.Helper()
	if got := verdict(err); got != want {
		t.Errorf("%s: verdict %d (%v), want %d", what, got, err, want)
	}
}

// A text is remembered for its table only, and for nothing that looks like it.
func TestWhatPassedIsRemembered(t *testing.T) {
	g := guarding(t, open(t))
	ctx := t.Context()
	wider := guard.Table{Name: "telemetry", Columns: append([]string{"_seq"}, telemetry.Columns...)}
	joined := guard.Table{Name: "telemetry", Columns: []string{"dn" + telemetry.Columns[1]}}
	const like = "SELECT n FROM telemetry WHERE dn LIKE $1"
	bad := guard.Params{"1": strings.Repeat("%a", 600)}
	for range 2 {
		wantVerdict(t, 0, "where", g.Where(ctx, telemetry, "n = 1"))
		wantVerdict(t, 1, "where of another table", g.Where(ctx, sensor, "n = 1"))
		wantVerdict(t, 0, "hidden column of a table that has it", g.Where(ctx, wider, "_seq = 1"))
		wantVerdict(t, 1, "hidden column", g.Where(ctx, telemetry, "_seq = 1"))
		wantVerdict(t, 0, "column of a joined name", g.Where(ctx, joined, "dnsite = '1'"))
		wantVerdict(t, 1, "column of a joined name", g.Where(ctx, telemetry, "dnsite = '1'"))
		wantVerdict(t, 0, "cols", g.Select(ctx, telemetry, []string{"count(*)"}, "n = 1"))
		wantVerdict(t, 1, "cols as where", g.Where(ctx, telemetry, "count(*)"))
		wantVerdict(t, 0, "two cols", g.Select(ctx, telemetry, []string{"dn", "n"}, ""))
		wantVerdict(t, 1, "col as where", g.Select(ctx, telemetry, []string{"dn"}, "n AS x"))
		wantVerdict(t, 0, "query", g.Query(ctx, both, "FROM sensor", nil))
		wantVerdict(t, 1, "query of another table", g.Query(ctx, both[:1], "FROM sensor", nil))
		wantVerdict(t, 0, "parameter", g.Query(ctx, both, "SELECT $1", guard.Params{"1": 1}))
		wantVerdict(t, 1, "no parameter", g.Query(ctx, both, "SELECT $1", nil))
		wantVerdict(t, 1, "one too many", g.Query(ctx, both, "SELECT $1", guard.Params{"1": 1, "2": 1}))
		wantVerdict(t, 1, "long parameter", g.Query(ctx, both, "SELECT $1 || $1", guard.Params{"1": strings.Repeat("x", 20<<10)}))
		wantVerdict(t, 0, "short parameter", g.Query(ctx, both, "SELECT $1 || $1", guard.Params{"1": "x"}))
		wantVerdict(t, 0, "pattern", g.Query(ctx, both, like, guard.Params{"1": "a%"}))
		wantVerdict(t, 1, "bad pattern", g.Query(ctx, both, like, bad))
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	wantVerdict(t, 0, "where again", g.Where(ctx, telemetry, "n = 1"))
	wantVerdict(t, 0, "cols again", g.Select(ctx, telemetry, []string{"count(*)"}, "n = 1"))
	wantVerdict(t, 0, "query again", g.Query(ctx, both, "FROM sensor", nil))
	wantVerdict(t, 0, "other value", g.Query(ctx, both, "SELECT $1", guard.Params{"1": "x"}))
	wantVerdict(t, 0, "pattern again", g.Query(ctx, both, like, guard.Params{"1": "a%"}))
	wantVerdict(t, 2, "other pattern", g.Query(ctx, both, like, guard.Params{"1": "b%"}))
	wantVerdict(t, 2, "refused", g.Where(ctx, telemetry, "_seq = 1"))
	wantVerdict(t, 2, "other text", g.Where(ctx, telemetry, "n = 2"))
}

// A thousand texts are remembered; the one that was not asked for longest goes first.
func TestRememberedTextsAreBounded(t *testing.T) {
	g := guarding(t, open(t))
	ctx := t.Context()
	where := func(i int) error { return g.Where(ctx, sensor, fmt.Sprintf("price = %d", i)) }
	for i := range 1024 {
		wantVerdict(t, 0, "new", where(i))
	}
	wantVerdict(t, 0, "the oldest, used", where(0))
	wantVerdict(t, 0, "one more", where(1024))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]int{0: 0, 1: 2, 2: 0, 1023: 0, 1024: 0} {
		wantVerdict(t, want, fmt.Sprint(i), where(i))
	}
}

// FuzzRemembered holds that a guard that has seen much judges as a new one does.
func FuzzRemembered(f *testing.F) {
	for _, line := range lines(f, "useful_sql.txt") {
		f.Add(line, "dn", "a%", strings.Repeat("%a", 600))
	}
	f.Add("SELECT n FROM telemetry WHERE dn LIKE $1", "dn", "a%", strings.Repeat("%a", 600))
	f.Add("SELECT $1 || $1", "dn", "x", strings.Repeat("x", 20<<10))
	db := open(f)
	old := guarding(f, db)
	f.Fuzz(func(t *testing.T, text, other, value, value2 string) {
		fresh := func(ask func(context.Context, *guard.Guard) error) error {
			g, err := guard.New(t.Context(), db)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = g.Close() }()
			return ask(t.Context(), g)
		}
		for i, ask := range []func(context.Context, *guard.Guard) error{
			func(ctx context.Context, g *guard.Guard) error { return g.Where(ctx, telemetry, text) },
			func(ctx context.Context, g *guard.Guard) error { return g.Where(ctx, sensor, text) },
			func(ctx context.Context, g *guard.Guard) error { return g.Select(ctx, telemetry, []string{text}, "") },
			func(ctx context.Context, g *guard.Guard) error {
				return g.Select(ctx, telemetry, []string{other}, text)
			},
			func(ctx context.Context, g *guard.Guard) error {
				return g.Select(ctx, telemetry, []string{text, other}, "")
			},
			func(ctx context.Context, g *guard.Guard) error { return g.Query(ctx, both, text, nil) },
			func(ctx context.Context, g *guard.Guard) error { return g.Query(ctx, both[:1], text, nil) },
			func(ctx context.Context, g *guard.Guard) error {
				return g.Query(ctx, both, text, guard.Params{"1": value})
			},
			func(ctx context.Context, g *guard.Guard) error {
				return g.Query(ctx, both, text, guard.Params{"1": value2})
			},
			func(ctx context.Context, g *guard.Guard) error {
				return g.Query(ctx, both, text, guard.Params{"1": value, "2": value2})
			},
		} {
			if got, want := verdict(ask(t.Context(), old)), verdict(fresh(ask)); got != want {
				t.Errorf("%d: verdict %d, of a new guard %d: %q, %q, %q, %q", i, got, want, text, other, value, value2)
			}
		}
	})
}
