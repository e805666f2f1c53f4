// Package plot draws a line over logarithmic axes as a small SVG that can be read
// on a light and on a dark page.
package plot

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// Chart is one line. X and Y must be above 0.
type Chart struct {
	Title, X, Y string // X and Y name the axes
	Points      []Point
}

// Point is a value with its spread.
type Point struct{ X, Y, Low, High float64 }

// The drawing, in pixels.
const (
	width, height            = 640, 310
	left, right, top, bottom = 70, 20, 56, 50
)

const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">
<style>
text { font: 12px sans-serif; fill: #555 } .title { font-size: 14px; font-weight: bold }
.grid { stroke: #888; stroke-opacity: .3 } .line { fill: none; stroke: #0a7abf; stroke-width: 2 }
.spread { stroke: #0a7abf; stroke-opacity: .5 } .dot { fill: #0a7abf }
@media (prefers-color-scheme: dark) { text { fill: #bbb } .line, .spread { stroke: #58b4f0 } .dot { fill: #58b4f0 } }
</style>
`

// Write draws the chart. It fails for a chart without points and for points
// that a logarithmic axis does not have.
func (c Chart) Write(out io.Writer) error {
	x, y, err := c.axes()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, head, width, height, width, height, escape(c.Title))
	fmt.Fprintf(&b, "<text class=\"title\" x=\"%d\" y=\"20\">%s</text>\n", left, escape(c.Title))
	for _, v := range x.ticks() {
		at := x.at(v)
		fmt.Fprintf(&b, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", at, top, at, height-bottom)
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", at, height-bottom+18, label(v))
	}
	for _, v := range y.ticks() {
		at := y.at(v)
		fmt.Fprintf(&b, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>", left, at, width-right, at)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", left-8, at+4, label(v))
	}
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", width-right, height-12, escape(c.X))
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">%s</text>\n", 4, top-18, escape(c.Y))
	var line []string
	for _, p := range c.Points {
		line = append(line, fmt.Sprintf("%.1f,%.1f", x.at(p.X), y.at(p.Y)))
		if p.Low > 0 && p.High > p.Low {
			fmt.Fprintf(&b, "<line class=\"spread\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x.at(p.X), y.at(p.Low), x.at(p.X), y.at(p.High))
		}
	}
	fmt.Fprintf(&b, "<polyline class=\"line\" points=\"%s\"/>\n", strings.Join(line, " "))
	for _, p := range c.Points {
		fmt.Fprintf(&b, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", x.at(p.X), y.at(p.Y))
	}
	b.WriteString("</svg>\n")
	_, err = io.WriteString(out, b.String())
	return err
}

func (c Chart) axes() (x, y axis, err error) {
	x, y = newAxis(left, width-right), newAxis(height-bottom, top)
	for _, p := range c.Points {
		if !(p.X > 0) || !(p.Y > 0) || math.IsInf(p.X, 0) || math.IsInf(p.Y, 0) {
			return x, y, fmt.Errorf("plot: %q: a logarithmic axis has no place for %v, %v", c.Title, p.X, p.Y)
		}
		x.include(p.X)
		y.include(p.Y)
		if p.Low > 0 && p.High > p.Low {
			y.include(p.Low)
			y.include(p.High)
		}
	}
	if len(c.Points) == 0 {
		return x, y, fmt.Errorf("plot: %q has no points", c.Title)
	}
	// Down to a whole power of ten, and at least one of them: small changes look small.
	y.least = math.Pow(10, math.Floor(math.Log10(y.least)))
	y.most = math.Pow(10, math.Ceil(math.Log10(y.most)))
	if y.most == y.least {
		y.most *= 10
	}
	if x.most == x.least {
		x.most *= 10
	}
	return x, y, nil
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
