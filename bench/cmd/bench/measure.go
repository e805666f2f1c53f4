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

// runTime bounds one run of one peer, starting and stopping included.
const runTime = 2 * time.Minute

// measure runs a workload in rounds, prints what it gave and keeps it. Each
// round begins with another peer, so that none has the better place.
func (m *measurement) measure(ctx context.Context, w workload.Workload) error {
	peers := []peer.Peer{w.Ours}
	for _, r := range w.Rivals {
		peers = append(peers, r.Peer)
	}
	series := make([]report.Series, len(peers))
	for i, p := range peers {
		series[i].Peer = p.Name
		if m.options.peers.MatchString(p.Name) {
			series[i].Version = p.Version()
		}
	}
	for round := range m.options.rounds {
		for i := range peers {
			i = (i + round) % len(peers)
			s := &series[i]
			if s.Failed != "" || !m.options.peers.MatchString(s.Peer) {
				continue
			}
			err := m.once(ctx, w, peers[i], s)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, peer.ErrUnable):
				s.Failed = err.Error()
			case err != nil:
				s.Failed = fmt.Sprintf("round %d: %v", round+1, err)
			}
			progress("%s, round %d/%d: %s", w.Name, round+1, m.options.rounds, s.Peer)
		}
	}
	progress("")
	m.keep(w, series)
	return nil
}

func (m *measurement) keep(w workload.Workload, series []report.Series) {
	result := report.Workload{Name: w.Name, Title: w.Title, Note: w.Note, Unit: w.Unit, Less: w.Less, Ours: series[0]}
	for i, r := range w.Rivals {
		result.Rivals = append(result.Rivals, report.Comparison{Series: series[i+1], Target: r.Target})
	}
	result.Compare()
	result.Table(os.Stdout)
	m.report.Workloads = append(m.report.Workloads, result)
}

// once does the workload to a fresh broker and adds what it gave to s.
func (m *measurement) once(ctx context.Context, w workload.Workload, p peer.Peer, s *report.Series) (err error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	broker, err := p.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Stop()) }()
	theirs, ours := processorTime(broker.PID()), processorTime(os.Getpid())
	result, err := w.Run(ctx, broker, m.size)
	if err != nil {
		return err
	}
	theirs, ours = processorTime(broker.PID())-theirs, processorTime(os.Getpid())-ours
	s.Values = append(s.Values, result.Figure)
	if result.Count > 0 {
		s.BrokerCPU = append(s.BrokerCPU, float64(theirs.Nanoseconds())/1e3/float64(result.Count))
		s.ClientCPU = append(s.ClientCPU, float64(ours.Nanoseconds())/1e3/float64(result.Count))
	}
	return nil
}

// progress shows one line in place, where a person watches.
func progress(format string, args ...any) {
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprintf(os.Stderr, "\r\x1b[K"+format, args...)
	}
}
