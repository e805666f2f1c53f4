package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/bench/report"
	"github.com/rembus-go/rembus/bench/workload"
)

// measurement is a run in progress.
type measurement struct {
	options options
	size    workload.Size
	report  *report.Report
}

// The bounds of one run of one peer, starting and stopping included, and of
// what is prepared for all of them.
const (
	runTime     = 5 * time.Minute
	prepareTime = 30 * time.Minute
)

// measure runs a workload in rounds, prints what it gave and keeps it. Each
// round begins with another peer, so that none has the better place.
func (m *measurement) measure(ctx context.Context, w workload.Workload) error {
	contestants := []workload.Contestant{w.Ours}
	for _, r := range w.Rivals {
		contestants = append(contestants, r.Contestant)
	}
	series := make([]report.Series, len(contestants))
	unprepared := m.prepare(ctx, w)
	for i, c := range contestants {
		series[i].Peer = c.Name
		if m.wanted(w, i) {
			series[i].Version = c.Version()
		}
	}
	for round := range m.options.rounds {
		for i := range contestants {
			i = (i + round) % len(contestants)
			s := &series[i]
			if s.Failed != "" || !m.wanted(w, i) {
				continue
			}
			progress("%s, round %d/%d: %s", w.Name, round+1, m.options.rounds, s.Peer)
			err := unprepared
			if err == nil {
				err = m.once(ctx, contestants[i], s)
			}
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, peer.ErrUnable), errors.Is(err, peer.ErrMissing):
				s.Failed = err.Error()
			case err != nil:
				s.Failed = fmt.Sprintf("round %d: %v", round+1, err)
			}
		}
	}
	progress("")
	m.keep(w, series)
	return nil
}

func (m *measurement) prepare(ctx context.Context, w workload.Workload) error {
	if w.Prepare == nil {
		return nil
	}
	progress("%s: preparing", w.Name)
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	return w.Prepare(ctx, m.size)
}

// wanted says whether contestant i, 0 being ours, takes part. A short run leaves
// out those that only stand by.
func (m *measurement) wanted(w workload.Workload, i int) bool {
	if i == 0 {
		return m.options.peers.MatchString(w.Ours.Name)
	}
	r := w.Rivals[i-1]
	return m.options.peers.MatchString(r.Name) && (!m.options.quick || m.options.all || r.Target != 0)
}

func (m *measurement) keep(w workload.Workload, series []report.Series) {
	result := report.Workload{Name: w.Name, Title: w.Title, Note: w.Note, Unit: w.Unit, Less: w.Less, Target: w.Target, Ours: series[0]}
	for i, r := range w.Rivals {
		if m.wanted(w, i+1) {
			result.Rivals = append(result.Rivals, report.Comparison{Series: series[i+1], Target: r.Target})
		}
	}
	result.Compare()
	result.Table(os.Stdout)
	m.report.Workloads = append(m.report.Workloads, result)
}

// once does the workload once and adds what it gave to s.
func (m *measurement) once(ctx context.Context, c workload.Contestant, s *report.Series) error {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	result, err := c.Run(ctx, m.size)
	if err != nil {
		return err
	}
	s.Values = append(s.Values, result.Figure)
	if n := float64(result.Count); n > 0 && result.BrokerCPU > 0 {
		s.BrokerCPU = append(s.BrokerCPU, float64(result.BrokerCPU.Nanoseconds())/1e3/n)
		s.ClientCPU = append(s.ClientCPU, float64(result.ClientCPU.Nanoseconds())/1e3/n)
	}
	return nil
}

// progress shows one line in place, where a person watches.
func progress(format string, args ...any) {
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r\x1b[K"+format, args...)
	}
}
