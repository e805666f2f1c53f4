package report

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func sample() *Report {
	w := Workload{
		Name: "rpc", Title: "RPC", Unit: "µs", Less: true,
		Ours: Series{Peer: "rembusd ws", Version: "1", Values: []float64{50, 90, 60}},
		Rivals: []Comparison{
			{Series: Series{Peer: "fast", Version: "2", Values: []float64{50, 100, 50}}, Target: 0.7},
			{Series: Series{Peer: "gone", Failed: "round 2: it ended", Values: []float64{200}}, Target: 0.7},
		},
	}
	w.Compare()
	return &Report{Commit: "abc", Rounds: 3, Seconds: 4, Workloads: []Workload{w}}
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	w := sample().Workloads[0]
	if got, want := w.Rivals[0].Ratios, []float64{1, 0.9, 1.2}; !reflect.DeepEqual(got, want) {
		t.Errorf("ratios %v, want %v", got, want)
	}
	if got := Median(w.Rivals[0].Ratios); got != 1 {
		t.Errorf("median %v, want 1", got)
	}
	if got := Median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("median of four %v, want 2.5", got)
	}
	if got := len(w.Rivals[1].Ratios); got != 1 {
		t.Errorf("%d ratios with a peer that gave one figure, want 1", got)
	}
}

func TestBusyMachineIsTold(t *testing.T) {
	for load, busy := range map[string]bool{"0.30, 2.10": false, "6.93, 13.8": true, "unknown": false} {
		r := sample()
		r.Machine = Machine{Cores: 2, Load: load}
		var page strings.Builder
		r.Markdown(&page)
		if strings.Contains(page.String(), "busy with other work") != busy {
			t.Errorf("load %q: the page tells a busy machine: %v", load, !busy)
		}
	}
}

func TestTargetDependsOnTheDirection(t *testing.T) {
	c := Comparison{Ratios: []float64{0.8}, Target: 0.7}
	if c.Met(true) || !c.Met(false) {
		t.Error("0.8 reaches at least 0.7 and not at most 0.7")
	}
	if (Comparison{Target: 0.7}).Met(true) {
		t.Error("a target counts as met without any figure")
	}
}

func TestTargetOfOurFigure(t *testing.T) {
	w := Workload{Name: "rows", Unit: "rows/s", Target: 200_000, Ours: Series{Values: []float64{100_000, 300_000, 250_000}}}
	if !w.Met() {
		t.Error("a median of 250 k does not reach 200 k")
	}
	w.Less = true
	if w.Met() || (&Workload{Target: 1, Less: true}).Met() {
		t.Error("250 k counts as at most 200 k, or nothing as at most 1")
	}
	var page, table strings.Builder
	r := &Report{Workloads: []Workload{w, sample().Workloads[0]}}
	r.Markdown(&page)
	r.Summary(&table)
	if want := "| [rows](#rows) |  | 250 k rows/s | 100 k … 300 k | ≤ 200 k missed |"; !strings.Contains(page.String(), want) {
		t.Errorf("the page lacks %q:\n%s", want, page.String())
	}
	if missed, unknown := strings.Count(table.String(), "missed"), strings.Count(table.String(), "no figure"); missed != 2 || unknown != 1 {
		t.Errorf("the summary has %d of 2 missed targets, and %d of 1 without a figure:\n%s", missed, unknown, table.String())
	}
}

func TestCurveTellsItsGrowth(t *testing.T) {
	c := Curve{Name: "topics", Title: "by topics", Axis: "topics", Unit: "µs", Points: []Point{
		{1, []float64{2, 3, 1}}, {4, []float64{8}}, {8, []float64{8, 9, 7}}}}
	if got := c.growth(); got != 2 {
		t.Errorf("a cost of 2, 8 and 8 at 1, 4 and 8 grows by %v for a doubling, want 2", got)
	}
	var page strings.Builder
	(&Report{Curves: []Curve{c, {Title: "broken", Failed: "round 1: lost"}}}).Markdown(&page)
	for _, want := range []string{"| by topics | 2.00 × | ≤ 2.00 × met |", "![by topics](performance-topics.svg)", "| µs | 2.00 | 8.00 | 8.00 |", "round 1: lost", "| broken | – | ≤ 2.00 × no figure |"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, page.String())
		}
	}
	if strings.Count(page.String(), "![") != 1 {
		t.Error("a curve without points has a picture")
	}
}

func TestReportSurvivesItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.json")
	want := sample()
	if err := want.Save(file); err != nil {
		t.Fatal(err)
	}
	got, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPageAndTableTellFiguresAndFailures(t *testing.T) {
	var page, table strings.Builder
	r := sample()
	r.Markdown(&page)
	r.Workloads[0].Table(&table)
	for _, want := range []string{
		"| **rembusd ws** | **60** | 50 … 90 |",
		"| fast | 50 | 50 … 100 | 1.00 × | 0.90 × … 1.20 × | ≤ 0.70 × missed |",
		"gone: round 2: it ended",
		"| rembusd | 1 |\n| fast | 2 |\n",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, page.String())
		}
	}
	if !strings.Contains(table.String(), "gone: round 2: it ended") {
		t.Errorf("the table hides a failure:\n%s", table.String())
	}
}
