package workload

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// idle opens connections that do nothing; the figure is the growth of the
// broker's resident memory for each.
func idle(target float64, ours peer.Peer, rivals ...versus) Workload {
	return Workload{
		Name:   "idle-connections",
		Title:  "idle connections, resident memory of the broker for each",
		Unit:   "KiB",
		Less:   true,
		Target: target,
	}.against(runIdle, ours, rivals...)
}

func runIdle(ctx context.Context, b peer.Broker, s Size) (Result, error) {
	before, err := resident(b.PID())
	if err != nil {
		return Result{}, err
	}
	_, closeAll, err := dial(ctx, b, s.Connections)
	if err != nil {
		return Result{}, err
	}
	defer closeAll()
	// Handshakes leave garbage, and start work that ends; both settle.
	select {
	case <-time.After(s.Time):
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	after, err := resident(b.PID())
	return Result{Figure: (after - before) / float64(s.Connections)}, err
}

// resident returns the resident memory of a process in KiB.
func resident(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
		}
	}
	return 0, fmt.Errorf("no VmRSS of process %d", pid)
}
