package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestChartIsXMLWithEachPoint(t *testing.T) {
	c := Chart{Title: `1 < 2 & "3"`, X: "subscribers", Y: "µs", Points: []Point{{1, 0.5, 0.4, 0.6}, {10, 0.6, 0, 0}, {1000, 0.9, 0.9, 0.9}}}
	var out strings.Builder
	if err := c.Write(&out); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	d := xml.NewDecoder(strings.NewReader(out.String()))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "class" {
					counts[a.Value]++
				}
			}
		}
	}
	if counts["dot"] != 3 || counts["line"] != 1 || counts["spread"] != 1 || counts["grid"] < 4 {
		t.Errorf("drawn: %v", counts)
	}
	if !strings.Contains(out.String(), "prefers-color-scheme: dark") {
		t.Error("it cannot be read on a dark page")
	}
}

func TestAxisPutsDecadesAtEqualDistances(t *testing.T) {
	a := newAxis(100, 400)
	a.include(1)
	a.include(1000)
	var at []float64
	for _, v := range []float64{1, 10, 100, 1000} {
		at = append(at, math.Round(a.at(v)))
	}
	if want := []float64{100, 200, 300, 400}; !slices.Equal(at, want) {
		t.Errorf("at %v, want %v", at, want)
	}
	if got := a.ticks(); len(got) != 10 || got[0] != 1 || got[9] != 1000 {
		t.Errorf("ticks %v", got)
	}
	for v, want := range map[float64]string{0.05: "0.05", 16: "16", 1000: "1 k", 2.5e6: "2.5 M"} {
		if got := label(v); got != want {
			t.Errorf("label of %v is %q, want %q", v, got, want)
		}
	}
}

func TestChartRefusesWhatHasNoPlace(t *testing.T) {
	for name, points := range map[string][]Point{
		"none": nil, "zero": {{X: 0, Y: 1}}, "negative": {{X: 1, Y: -1}}, "not a number": {{X: 1, Y: math.NaN()}}, "infinite": {{X: 1, Y: math.Inf(1)}},
	} {
		if err := (Chart{Points: points}).Write(io.Discard); err == nil {
			t.Errorf("%s: drawn", name)
		}
	}
	if err := (Chart{Points: []Point{{X: 5, Y: 1}}}).Write(io.Discard); err != nil {
		t.Errorf("a single point: %v", err)
	}
}
