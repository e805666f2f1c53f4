package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/bench/report"
	"github.com/rembus-go/rembus/bench/workload"
)

// fake is a contestant that gives the figures in turn; an error ends it.
func fake(name string, order *[]string, figures ...any) workload.Contestant {
	return workload.Contestant{Name: name, Version: func() string { return "1" }, Run: func(context.Context, workload.Size) (workload.Result, error) {
		*order = append(*order, name)
		next := figures[0]
		figures = figures[1:]
		if err, ok := next.(error); ok {
			return workload.Result{}, err
		}
		return workload.Result{Figure: next.(float64), Count: 1}, nil
	}}
}

func newTest(rounds int, quick bool) *measurement {
	all := regexp.MustCompile("")
	return &measurement{options: options{rounds: rounds, quick: quick, workloads: all, peers: all}, report: new(report.Report)}
}

func TestContestantsTakeTurnsAndTheBrokenHaveNoVerdict(t *testing.T) {
	m := newTest(3, false)
	var order []string
	w := workload.Workload{Name: "w", Ours: fake("ours", &order, 2.0, 4.0, 6.0), Rivals: []workload.Rival{
		{Contestant: fake("rival", &order, 1.0, 1.0, 1.0), Target: 3},
		{Contestant: fake("broken", &order, 1.0, errors.New("messages were lost")), Target: 1},
		{Contestant: fake("absent", &order, fmt.Errorf("it is %w", peer.ErrMissing)), Target: 1},
	}}
	if err := m.measure(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	want := "ours rival broken absent rival broken ours ours rival"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("the turns were %q, want %q", got, want)
	}
	got := m.report.Workloads[0]
	if r := got.Rivals[0]; !slices.Equal(r.Ratios, []float64{2, 4, 6}) || !r.Met(false) {
		t.Errorf("ratios %v", r.Ratios)
	}
	var summary strings.Builder
	m.report.Summary(&summary)
	if strings.Count(summary.String(), "no figure") != 2 || strings.Count(summary.String(), " met") != 1 {
		t.Errorf("the summary:\n%s", summary.String())
	}
	if !strings.Contains(got.Rivals[1].Failed, "round 2: messages were lost") || !strings.Contains(got.Rivals[2].Failed, "not installed") {
		t.Errorf("failures: %q, %q", got.Rivals[1].Failed, got.Rivals[2].Failed)
	}
}

func TestShortRunLeavesOutWhoHasNoTarget(t *testing.T) {
	m := newTest(1, true)
	var order []string
	w := workload.Workload{Name: "w", Ours: fake("ours", &order, 1.0), Rivals: []workload.Rival{
		{Contestant: fake("beside", &order)}, {Contestant: fake("rival", &order, 1.0), Target: 1},
	}}
	if err := m.measure(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, " "); got != "ours rival" {
		t.Errorf("%q took part", got)
	}
}

func TestPreparationThatFailsIsTold(t *testing.T) {
	m := newTest(1, false)
	var order []string
	w := workload.Workload{Name: "w", Ours: fake("ours", &order),
		Prepare: func(context.Context, workload.Size) error { return errors.New("disk full") }}
	if err := m.measure(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	if got := m.report.Workloads[0].Ours.Failed; !strings.Contains(got, "disk full") || len(order) > 0 {
		t.Errorf("failed: %q, after runs of %v", got, order)
	}
}

func TestCurveEndsWhereItFailsAndIsDrawn(t *testing.T) {
	m := newTest(2, false)
	c := workload.Curve{Name: "c", Title: "by x", Axis: "x", Unit: "µs", Points: []int{1, 10, 100},
		Measure: func(_ context.Context, x int, _ workload.Size) (float64, error) {
			if x == 100 {
				return 0, errors.New("too many")
			}
			return float64(x), nil
		}}
	if err := m.curve(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	got := m.report.Curves[0]
	if len(got.Points) != 2 || len(got.Points[1].Values) != 2 || !strings.Contains(got.Failed, "too many") {
		t.Errorf("points %v, failed: %q", got.Points, got.Failed)
	}
	dir := t.TempDir()
	if err := draw(m.report, dir); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 || filepath.Base(files[0]) != "performance-c.svg" {
		t.Errorf("drawn: %v", files)
	}
}
