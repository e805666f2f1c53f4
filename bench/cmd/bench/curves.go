package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rembus-go/rembus/bench/plot"
	"github.com/rembus-go/rembus/bench/report"
	"github.com/rembus-go/rembus/bench/workload"
)

// curveRounds is how often each point of a curve is measured at most.
const curveRounds = 3

// curve measures a curve from left to right, round by round, prints it and keeps it.
func (m *measurement) curve(ctx context.Context, c workload.Curve) error {
	result := report.Curve{Name: c.Name, Title: c.Title, Axis: c.Axis, Unit: c.Unit, Note: c.Note}
	xs := c.Points
	size := m.size
	size.Time = min(size.Time, time.Second)
	if m.options.quick {
		xs = xs[:c.Quick]
	}
	for _, x := range xs {
		result.Points = append(result.Points, report.Point{X: float64(x)})
	}
	for round := range min(m.options.rounds, curveRounds) {
		for i, x := range xs {
			progress("%s, round %d: %d %s", c.Name, round+1, x, c.Axis)
			cost, err := m.point(ctx, c, x, size)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				// What is beyond would not be better.
				result.Failed = fmt.Sprintf("round %d, %d %s: %v", round+1, x, c.Axis, err)
				xs = xs[:i]
				break
			}
			result.Points[i].Values = append(result.Points[i].Values, cost)
		}
	}
	result.Points = slices.DeleteFunc(result.Points, func(p report.Point) bool { return len(p.Values) == 0 })
	progress("")
	result.Table(os.Stdout)
	m.report.Curves = append(m.report.Curves, result)
	return nil
}

func (m *measurement) point(ctx context.Context, c workload.Curve, x int, s workload.Size) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	return c.Measure(ctx, x, s)
}

// draw writes the pictures of the report's curves into dir.
func draw(r *report.Report, dir string) error {
	for _, c := range r.Curves {
		chart := plot.Chart{Title: c.Title, X: c.Axis, Y: c.Unit}
		for _, p := range c.Points {
			chart.Points = append(chart.Points, plot.Point{
				X: p.X, Y: report.Median(p.Values), Low: slices.Min(p.Values), High: slices.Max(p.Values),
			})
		}
		if len(chart.Points) == 0 {
			continue // the page says why
		}
		if err := drawTo(filepath.Join(dir, c.Picture()), chart); err != nil {
			return err
		}
	}
	return nil
}

func drawTo(file string, chart plot.Chart) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := chart.Write(f); err != nil {
		return err
	}
	return f.Close()
}
