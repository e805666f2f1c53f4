package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Markdown writes docs/performance.md.
func (r *Report) Markdown(out io.Writer) {
	fmt.Fprintf(out, `# Performance

Generated from %s by `+"`make bench`"+`; do not edit.

Brokers and their clients share one machine and both of its ends are part of each
figure. The brokers take turns: in each of %d rounds every workload runs once on
a fresh process of each broker, for %.1f seconds where it has a rate, and ours is
compared with the others of the same round. A run in which a message is missing, doubled
or out of order has no figure. **ours / theirs** is the median of
these ratios, with the least and the most behind it. Absolute figures drift with
the machine; the ratios are what to look at. **CPU** is the processor time that the
broker's process, and that of all clients, spent for each message, delivery or
call: what a busy machine changes least.

| | |
| --- | --- |
| processor | %s, %d cores |
| memory | %s |
| system | %s, %s |
| load average before and after | %s |
| measured | %s, commit %s |
%s
`, "`docs/performance.json`", r.Rounds, r.Seconds, r.Machine.CPU, r.Machine.Cores, r.Machine.Memory,
		r.Machine.System, r.Machine.Go, r.Machine.Load, r.Date.UTC().Format("2006-01-02 15:04 MST"), r.Commit, r.versions())
	if r.Machine.busy() {
		fmt.Fprint(out, "The machine was busy with other work meanwhile: the absolute figures are too low and\nthe spreads wide. CPU tells more than the rates here.\n\n")
	}
	r.targets(out)
	for _, w := range r.Workloads {
		w.markdown(out)
	}
	r.curves(out)
}

// versions returns a row for each broker, whatever its configuration.
func (r *Report) versions() string {
	rows := ""
	var seen []string
	for _, w := range r.Workloads {
		for _, s := range append([]Series{w.Ours}, series(w.Rivals)...) {
			name, _, _ := strings.Cut(s.Peer, " ws")
			name, _, _ = strings.Cut(name, " tcp")
			if s.Version != "" && !slices.Contains(seen, name) {
				seen = append(seen, name)
				rows += fmt.Sprintf("| %s | %s |\n", name, s.Version)
			}
		}
	}
	return rows
}

func (w *Workload) markdown(out io.Writer) {
	fmt.Fprintf(out, "## %s\n\n%s. In %s.\n\n", w.Name, w.Title, better(w.Unit, w.Less))
	if w.Note != "" {
		fmt.Fprintf(out, "%s\n\n", w.Note)
	}
	fmt.Fprintln(out, "| broker | median | spread | ours / theirs | spread | target | broker CPU | client CPU |")
	fmt.Fprintln(out, "| --- | ---: | --- | ---: | --- | --- | ---: | ---: |")
	fmt.Fprintf(out, "| **%s** | **%s** | %s | | | %s | %s |\n", w.Ours.Peer, number(Median(w.Ours.Values)), spread(w.Ours.Values, number), w.target(), w.Ours.cpu(" | "))
	for _, r := range w.Rivals {
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | %s |\n", r.Peer, number(Median(r.Values)), spread(r.Values, number),
			ratio(Median(r.Ratios)), spread(r.Ratios, ratio), r.target(w.Less), r.cpu(" | "))
	}
	for _, failed := range w.failures() {
		fmt.Fprintf(out, "\n%s\n", failed)
	}
	fmt.Fprintln(out)
}
