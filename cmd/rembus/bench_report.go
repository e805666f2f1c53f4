package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// report is the result of a run. Its names are promised to programs.
type report struct {
	Publishers  int     `json:"publishers,omitempty"`
	Subscribers int     `json:"subscribers,omitempty"`
	Callers     int     `json:"callers,omitempty"`
	Topics      int     `json:"topics,omitempty"`
	Space       bool    `json:"space,omitempty"`
	QoS         int     `json:"qos"`
	Size        int     `json:"size"`
	Encoding    string  `json:"encoding"`
	Rate        float64 `json:"rate,omitempty"` // wanted, a second
	Interrupted bool    `json:"interrupted,omitempty"`

	Published *flow `json:"published,omitempty"` // QoS 1 and 2: acknowledged
	Delivered *flow `json:"delivered,omitempty"`
	Calls     *flow `json:"calls,omitempty"`

	Delivery *quantiles `json:"delivery_latency,omitempty"`
	Ack      *quantiles `json:"ack_latency,omitempty"`
	Call     *quantiles `json:"call_latency,omitempty"`

	Lost       uint64   `json:"lost"`
	Dropped    uint64   `json:"dropped_here"` // of Lost: by this program, which was too slow
	Duplicates uint64   `json:"duplicates"`
	Failed     uint64   `json:"failed"`  // not acknowledged, not answered
	Foreign    uint64   `json:"foreign"` // deliveries of what nobody sent
	Reconnects uint64   `json:"reconnects"`
	Problems   []string `json:"problems"` // what must not be; none is success
}

// flow is messages in a time.
type flow struct {
	Messages  uint64  `json:"messages"`
	Seconds   float64 `json:"seconds"` // until the last one
	PerSecond float64 `json:"per_second"`
	Bytes     float64 `json:"bytes_per_second"` // of arguments, without what is around them
}

func newFlow(n uint64, took time.Duration, size int) *flow {
	f := &flow{Messages: n, Seconds: max(took, 0).Seconds()}
	if n > 0 && f.Seconds > 0 {
		f.PerSecond = float64(n) / f.Seconds
		f.Bytes = f.PerSecond * float64(size)
	}
	return f
}

// quantiles is a latency in microseconds.
type quantiles struct {
	Mean   float64   `json:"mean_us"`
	P50    float64   `json:"p50_us"`
	P90    float64   `json:"p90_us"`
	P99    float64   `json:"p99_us"`
	P999   float64   `json:"p99_9_us"`
	Max    float64   `json:"max_us"`
	Counts []stepRow `json:"histogram"`

	of *latency
}

// stepRow is how many took longer than the row before and not longer than this one.
type stepRow struct {
	UpTo  float64 `json:"up_to_us"`
	Count uint64  `json:"count"`
}

// newQuantiles returns nil when nothing was measured.
func newQuantiles(h *latency) *quantiles {
	if h.n == 0 {
		return nil
	}
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	q := &quantiles{Mean: us(h.mean()), P50: us(h.quantile(0.5)), P90: us(h.quantile(0.9)), P99: us(h.quantile(0.99)),
		P999: us(h.quantile(0.999)), Max: us(h.max), of: h}
	for _, s := range h.steps() {
		q.Counts = append(q.Counts, stepRow{us(s.upto), s.count})
	}
	return q
}

// newReport is that of a run whose measuring began at begin.
func newReport(b *bench, l load, k *crew, begin time.Duration) *report {
	c, stats := l.count(), k.stats()
	r := &report{
		QoS: b.qos, Size: b.size, Encoding: "cbor", Failed: c.failed, Foreign: c.foreign, Duplicates: c.duplicates,
		Lost: l.lost(), Dropped: stats.Dropped, Reconnects: stats.Reconnects, Problems: []string{},
	}
	if b.client.json {
		r.Encoding = "json"
	}
	if interval := b.rate.interval(); interval > 0 {
		r.Rate = float64(time.Second) / float64(interval)
	}
	sent := newFlow(c.sent, c.sentAt-begin, b.size)
	if b.callers > 0 {
		r.Callers, r.Calls, r.Call = b.callers, sent, newQuantiles(&c.latency)
	} else {
		r.Publishers, r.Subscribers, r.Topics, r.Space = b.publishers, b.subscribers, b.topics, b.space
		r.Published, r.Delivered = sent, newFlow(c.received, c.receivedAt-begin, b.size)
		r.Delivery, r.Ack = newQuantiles(&c.latency), newQuantiles(&c.ack)
	}
	r.judge()
	return r
}

// judge finds what no broker may do.
func (r *report) judge() {
	add := func(n uint64, what string) {
		if n > 0 {
			r.Problems = append(r.Problems, grouped(n)+" "+what)
		}
	}
	if r.QoS > 0 {
		add(r.Lost, "deliveries are missing of messages that the broker acknowledged")
	}
	if r.QoS != 1 {
		add(r.Duplicates, fmt.Sprintf("deliveries came again, which QoS %d excludes", r.QoS))
	}
	if r.Callers > 0 {
		add(r.Failed, "calls failed")
	} else {
		add(r.Failed, "messages were not acknowledged")
	}
	add(r.Foreign, "deliveries were not what anybody of this run had sent")
}

// verdict is the error that ends the program, if there is a problem.
func (r *report) verdict() error {
	if len(r.Problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(r.Problems, "\n"))
}

func (r *report) print(w io.Writer, asJSON bool) error {
	if !asJSON {
		return r.write(w)
	}
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}
