package plot

import (
	"fmt"
	"math"
	"strconv"
)

// axis maps values to pixels by their logarithm.
type axis struct {
	from, to    float64 // pixels
	least, most float64
}

func newAxis(from, to float64) axis { return axis{from, to, math.Inf(1), 0} }

func (a *axis) include(v float64) { a.least, a.most = min(a.least, v), max(a.most, v) }

func (a *axis) at(v float64) float64 {
	return a.from + (a.to-a.from)*math.Log(v/a.least)/math.Log(a.most/a.least)
}

// ticks are the powers of ten, where there are few with two and five between.
func (a *axis) ticks() []float64 {
	steps := []float64{1}
	if math.Log10(a.most/a.least) <= 3 {
		steps = []float64{1, 2, 5}
	}
	var all []float64
	for e := math.Floor(math.Log10(a.least)); e <= math.Ceil(math.Log10(a.most)); e++ {
		for _, s := range steps {
			if v := s * math.Pow(10, e); v >= a.least*0.999 && v <= a.most*1.001 {
				all = append(all, v)
			}
		}
	}
	return all
}

// label writes a tick.
func label(v float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if v >= unit.size {
			return fmt.Sprintf("%g%s", math.Round(v/unit.size*100)/100, unit.name)
		}
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
