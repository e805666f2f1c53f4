package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Table writes one workload for the terminal.
func (w *Workload) Table(out io.Writer) {
	fmt.Fprintf(out, "\n%s (%s)\n", w.Title, better(w.Unit, w.Less))
	tab := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "  broker\tfigure\tspread\tours/theirs\tspread\ttarget\tbroker CPU\tclient CPU")
	fmt.Fprintf(tab, "  %s\t%s\t%s\t\t\t%s\t%s\n", w.Ours.Peer, number(Median(w.Ours.Values)), spread(w.Ours.Values, number), w.target(), w.Ours.cpu("\t"))
	for _, r := range w.Rivals {
		fmt.Fprintf(tab, "  %s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Peer, number(Median(r.Values)), spread(r.Values, number),
			ratio(Median(r.Ratios)), spread(r.Ratios, ratio), r.target(w.Less), r.cpu("\t"))
	}
	tab.Flush()
	if w.Note != "" {
		fmt.Fprintf(out, "  %s\n", w.Note)
	}
	for _, failed := range w.failures() {
		fmt.Fprintf(out, "  %s\n", failed)
	}
}

func (w *Workload) failures() []string {
	var all []string
	for _, s := range append([]Series{w.Ours}, series(w.Rivals)...) {
		if s.Failed != "" {
			all = append(all, s.Peer+": "+s.Failed)
		}
	}
	return all
}

func series(rivals []Comparison) []Series {
	var all []Series
	for _, r := range rivals {
		all = append(all, r.Series)
	}
	return all
}

func (c Comparison) target(less bool) string {
	return goal(c.Target, ratio, less, c.Met(less), c.Failed == "" && len(c.Ratios) > 0)
}

func (w *Workload) target() string {
	return goal(w.Target, number, w.Less, w.Met(), w.Ours.Failed == "" && len(w.Ours.Values) > 0)
}

// goal writes a target and what became of it. What failed in any round reaches none.
func goal(target float64, format func(float64) string, less, met, known bool) string {
	if target == 0 {
		return ""
	}
	sign, verdict := "≥", "missed"
	if less {
		sign = "≤"
	}
	if met {
		verdict = "met"
	}
	if !known {
		verdict = "no figure"
	}
	return fmt.Sprintf("%s %s %s", sign, format(target), verdict)
}

// cpu writes the processor time of the broker and of the clients for each
// message.
func (s Series) cpu(between string) string {
	if len(s.BrokerCPU) == 0 {
		return between
	}
	return fmt.Sprintf("%.2f µs%s%.2f µs", Median(s.BrokerCPU), between, Median(s.ClientCPU))
}

func better(unit string, less bool) string {
	if less {
		return unit + ", less is better"
	}
	return unit
}

// number writes a figure with about three digits.
func number(v float64) string {
	switch {
	case v == 0:
		return "–"
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 1000:
		return fmt.Sprintf("%.0f", v)
	case v < 100_000:
		return fmt.Sprintf("%.1f k", v/1e3)
	case v < 1_000_000:
		return fmt.Sprintf("%.0f k", v/1e3)
	default:
		return fmt.Sprintf("%.2f M", v/1e6)
	}
}

func ratio(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f ×", v)
}

// spread writes the least and the most of values.
func spread(values []float64, format func(float64) string) string {
	if len(values) < 2 {
		return ""
	}
	return strings.TrimSpace(format(slices.Min(values)) + " … " + format(slices.Max(values)))
}
