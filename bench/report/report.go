// Package report holds what was measured and writes it: as a table for the
// terminal, as JSON, and as docs/performance.md.
package report

import (
	"encoding/json"
	"os"
	"slices"
	"time"
)

// Report is one run over all workloads.
type Report struct {
	Date      time.Time
	Commit    string // of this project
	Machine   Machine
	Rounds    int
	Seconds   float64 // that one measurement takes
	Workloads []Workload
	Curves    []Curve `json:",omitempty"`
}

// Workload is what one workload gave.
type Workload struct {
	Name, Title, Unit string
	Note              string  `json:",omitempty"`
	Less              bool    // whether less is better
	Target            float64 `json:",omitempty"` // for our figure itself
	Ours              Series
	Rivals            []Comparison
}

// Series is the figure of one peer, round by round.
type Series struct {
	Peer, Version string
	Values        []float64
	BrokerCPU     []float64 `json:",omitempty"` // µs that the broker's process spent for a message, delivery or call
	ClientCPU     []float64 `json:",omitempty"` // the same of all clients together
	Failed        string    `json:",omitempty"` // why there are no values, or fewer
}

// Comparison is the series of another broker beside ours of the same rounds.
type Comparison struct {
	Series
	Ratios []float64 // ours/theirs, within each round
	Target float64   `json:",omitempty"`
}

// Met says whether the target is reached by the median of the ratios.
func (c Comparison) Met(less bool) bool { return reached(c.Ratios, c.Target, less) }

// Met says whether the target of our figure is reached by its median.
func (w *Workload) Met() bool { return reached(w.Ours.Values, w.Target, w.Less) }

func reached(values []float64, target float64, less bool) bool {
	m := Median(values)
	return len(values) > 0 && (less && m <= target || !less && m >= target)
}

// Compare fills in the ratios.
func (w *Workload) Compare() {
	for i := range w.Rivals {
		r := &w.Rivals[i]
		r.Ratios = nil
		for round := range min(len(w.Ours.Values), len(r.Values)) {
			r.Ratios = append(r.Ratios, w.Ours.Values[round]/r.Values[round])
		}
	}
}

// Median returns the middle of values, 0 when there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// Save writes the report as JSON.
func (r *Report) Save(file string) error {
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(out, '\n'), 0o644)
}

// Load reads what Save wrote.
func Load(file string) (*Report, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	return r, json.Unmarshal(src, r)
}
