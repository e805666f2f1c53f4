package report

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// verdict is what became of one target.
type verdict struct{ workload, rival, figure, spread, target string }

func (r *Report) verdicts() []verdict {
	var all []verdict
	for _, w := range r.Workloads {
		if goal := w.target(); goal != "" {
			all = append(all, verdict{w.Name, "", number(Median(w.Ours.Values)) + " " + w.Unit, spread(w.Ours.Values, number), goal})
		}
		for _, c := range w.Rivals {
			if goal := c.target(w.Less); goal != "" {
				all = append(all, verdict{w.Name, c.Peer, ratio(Median(c.Ratios)), spread(c.Ratios, ratio), goal})
			}
		}
	}
	return all
}

// Summary writes a line for each target, for the terminal.
func (r *Report) Summary(out io.Writer) {
	all := r.verdicts()
	if len(all) < 2 {
		return
	}
	tab := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "\nworkload\tcompared with\tours/theirs, or ours\tspread\ttarget")
	for _, v := range all {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\n", v.workload, v.rival, v.figure, v.spread, v.target)
	}
	tab.Flush()
}

func (r *Report) targets(out io.Writer) {
	fmt.Fprint(out, "## Targets\n\n| workload | compared with | ours / theirs, or ours | spread | target |\n| --- | --- | ---: | --- | --- |\n")
	for _, v := range r.verdicts() {
		fmt.Fprintf(out, "| [%s](#%s) | %s | %s | %s | %s |\n", v.workload, v.workload, v.rival, v.figure, v.spread, v.target)
	}
	fmt.Fprint(out, "\nHow often the path of a QoS0 message allocates does not depend on the machine and is asserted by tests:\n`go test -run Alloc ./...`.\n\n")
}
