package report

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// Curve is how the cost of one delivery grows with something.
type Curve struct {
	Name, Title, Axis, Unit string
	Note                    string `json:",omitempty"`
	Points                  []Point
	Failed                  string `json:",omitempty"` // why there are no more points
}

// Point is what was measured for one X, round by round.
type Point struct {
	X      float64
	Values []float64
}

// growthTarget is what doubling the X may at most do to the cost.
const growthTarget = 2

// growth is the largest factor by which the cost grew from one point to the
// next, taken for a doubling of X.
func (c *Curve) growth() float64 {
	var most float64
	for i := 1; i < len(c.Points); i++ {
		a, b := c.Points[i-1], c.Points[i]
		if before := Median(a.Values); before > 0 && b.X > a.X {
			most = max(most, math.Pow(Median(b.Values)/before, 1/math.Log2(b.X/a.X)))
		}
	}
	return most
}

// Table writes the curve for the terminal.
func (c *Curve) Table(out io.Writer) {
	fmt.Fprintf(out, "\n%s (%s)\n", c.Title, c.Unit)
	tab := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "  %s\tcost\tspread\n", c.Axis)
	for _, p := range c.Points {
		fmt.Fprintf(tab, "  %s\t%s\t%s\n", number(p.X), number(Median(p.Values)), spread(p.Values, number))
	}
	tab.Flush()
	if c.Failed != "" {
		fmt.Fprintf(out, "  %s\n", c.Failed)
	}
}

// Picture is the name of the file beside the page that shows the curve.
func (c *Curve) Picture() string { return "performance-" + c.Name + ".svg" }

func (r *Report) curves(out io.Writer) {
	if len(r.Curves) == 0 {
		return
	}
	fmt.Fprint(out, "## Growth\n\nCost of one delivery, broker and clients together, on a fresh broker for each point.\n**Growth** is the largest factor of the cost when the axis doubles, between two points.\n\n")
	fmt.Fprintln(out, "| | growth | target |\n| --- | ---: | --- |")
	for _, c := range r.Curves {
		fmt.Fprintf(out, "| %s | %s | %s |\n", c.Title, ratio(c.growth()), goal(growthTarget, ratio, true, c.growth() <= growthTarget, c.Failed == "" && len(c.Points) > 1))
	}
	for _, c := range r.Curves {
		if len(c.Points) > 0 {
			fmt.Fprintf(out, "\n![%s](%s)\n\n", c.Title, c.Picture())
			c.row(out)
		}
		if c.Note != "" {
			fmt.Fprintf(out, "\n%s\n", c.Note)
		}
		if c.Failed != "" {
			fmt.Fprintf(out, "\n%s\n", c.Failed)
		}
	}
}

// row writes the points as a table that lies.
func (c *Curve) row(out io.Writer) {
	x, line, y := "| "+c.Axis+" |", "| --- |", "| "+c.Unit+" |"
	for _, p := range c.Points {
		x += " " + number(p.X) + " |"
		line += " ---: |"
		y += " " + number(Median(p.Values)) + " |"
	}
	fmt.Fprintf(out, "%s\n%s\n%s\n", x, line, y)
}
