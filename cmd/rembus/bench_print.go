package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// write prints a report for people.
func (r *report) write(out io.Writer) error {
	var b bytes.Buffer
	b.WriteString(r.title() + "\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	r.Published.write(w, "published", "messages")
	r.Delivered.write(w, "delivered", "deliveries")
	r.Calls.write(w, "answered", "calls")
	if r.Callers == 0 {
		fmt.Fprintf(w, "lost\t%s\n", grouped(r.Lost))
		if r.Dropped > 0 {
			fmt.Fprintf(w, "\t%s of them by rembus bench itself, which is too slow for this load\n", grouped(r.Dropped))
		}
		fmt.Fprintf(w, "duplicates\t%s\n", grouped(r.Duplicates))
	}
	if r.QoS > 0 || r.Callers > 0 {
		fmt.Fprintf(w, "failed\t%s\n", grouped(r.Failed))
	}
	if r.Reconnects > 0 {
		fmt.Fprintf(w, "reconnects\t%s\n", grouped(r.Reconnects))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	r.Delivery.write(&b, "delivery latency, from publishing to the subscriber's handler")
	r.Ack.write(&b, "ack latency, from publishing to the broker's ACK")
	r.Call.write(&b, "call latency, from the call to its answer")
	if rate := r.reached(); rate < 0.98*r.Rate && !r.Interrupted {
		fmt.Fprintf(&b, "\nThe rate was not reached: %.4g %% of it. Latency counts from when a message was due.\n", 100*rate/r.Rate)
	}
	if r.Rate == 0 && r.Callers == 0 {
		b.WriteString("\nAt full speed messages queue up, and latency is that of the queue: see --rate.\n")
	}
	_, err := out.Write(b.Bytes())
	return err
}

// reached is the rate of messages or calls.
func (r *report) reached() float64 {
	if r.Calls != nil {
		return r.Calls.PerSecond
	}
	return r.Published.PerSecond
}

// title says what was run.
func (r *report) title() string {
	var parts []string
	if r.Callers > 0 {
		parts = append(parts, count(r.Callers, "caller"))
	} else {
		parts = append(parts, count(r.Publishers, "publisher"), count(r.Subscribers, "subscriber"), fmt.Sprintf("QoS %d", r.QoS), count(r.Topics, "topic"))
		if r.Space {
			parts = append(parts, "subscribed to as a space")
		}
	}
	parts = append(parts, count(r.Size, "byte"), strings.ToUpper(r.Encoding))
	if r.Rate > 0 {
		parts = append(parts, "at "+strconv.FormatFloat(r.Rate, 'g', 6, 64)+"/s")
	}
	if r.Interrupted {
		parts = append(parts, "interrupted")
	}
	return strings.Join(parts, ", ")
}

func (f *flow) write(w io.Writer, name, unit string) {
	if f != nil {
		fmt.Fprintf(w, "%s\t%s %s in %.2f s\t%s/s\t%s/s\n", name, grouped(f.Messages), unit, f.Seconds, grouped(uint64(f.PerSecond)), volume(f.Bytes))
	}
}

// write prints quantiles and, below, the part of each step as a bar.
func (q *quantiles) write(b *bytes.Buffer, name string) {
	if q == nil {
		return
	}
	h := q.of
	fmt.Fprintf(b, "\n%s\n  mean %s  p50 %s  p90 %s  p99 %s  p99.9 %s  max %s\n", name, short(h.mean()),
		short(h.quantile(0.5)), short(h.quantile(0.9)), short(h.quantile(0.99)), short(h.quantile(0.999)), short(h.max))
	const longest = 40
	for _, s := range h.steps() {
		part := float64(s.count) / float64(h.n)
		bar := strings.Repeat("#", int(part*longest+0.5))
		fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("  up to %6v %8.4f %%  %s", s.upto, part*100, bar), " "))
	}
}

// count is a number of things.
func count(n int, thing string) string { return grouped(uint64(n)) + " " + plural(int64(n), thing) }

// grouped writes a number with commas.
func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// volume writes bytes with three or four digits.
func volume(bytes float64) string {
	units := []string{"B", "kB", "MB", "GB"}
	i := 0
	for ; bytes >= 1000 && i < len(units)-1; i++ {
		bytes /= 1000
	}
	return strconv.FormatFloat(bytes, 'f', min(i, 1), 64) + " " + units[i]
}

// short writes a duration with three or four digits.
func short(d time.Duration) string {
	unit := time.Nanosecond
	for d >= 1000*unit && unit < time.Second {
		unit *= 1000
	}
	return d.Round(max(unit/100, 1)).String()
}
