// Command bench runs the workloads against rembusd and its peers, turn by turn,
// prints the comparison and writes docs/performance.{json,md}.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/bench/report"
	"github.com/rembus-go/rembus/bench/workload"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == peer.RelayCommand {
		exit(peer.ServeRelay(os.Args[2]))
	}
	if len(os.Args) == 5 && os.Args[1] == workload.LoadCommand {
		exit(workload.ServeLoad(os.Args[2], os.Args[3], os.Args[4], os.Stdin, os.Stdout))
	}
	exit(run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

type options struct {
	quick, list, docs bool
	all, curves       bool
	some              bool // a pattern leaves something out
	rounds            int
	workloads         *regexp.Regexp
	peers             *regexp.Regexp
	lakeRows          int
	time              time.Duration
	json, bin         string
	profile           string
}

func parse() (options, error) {
	var o options
	var workloads, peers string
	flag.BoolVar(&o.quick, "quick", false, "shorter and fewer rounds, nothing is written unless --json says so")
	flag.BoolVar(&o.list, "list", false, "list workloads and their peers")
	flag.BoolVar(&o.docs, "docs", false, "only write docs/performance.md anew from its JSON")
	flag.BoolVar(&o.all, "all", false, "with --quick: also the peers that no target is about")
	flag.DurationVar(&o.time, "time", 0, "how long a measurement of a rate takes (4s; with --quick 400ms)")
	flag.IntVar(&o.lakeRows, "lake-rows", 0, "rows of the large table (100 million; with --quick 2 million)")
	flag.BoolVar(&o.curves, "curves", false, "only measure how costs grow, and draw that into docs")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds (5; with --quick 1)")
	flag.StringVar(&workloads, "workload", "", "only workloads whose name matches this pattern; nothing is written unless --json says so")
	flag.StringVar(&peers, "peer", "", "only peers whose name matches this pattern")
	flag.StringVar(&o.json, "json", "", "where to write the figures (docs/performance.json)")
	flag.StringVar(&o.profile, "cpuprofile", "", "where to write a CPU profile of this program, which is the clients' side")
	flag.StringVar(&o.bin, "bin", "../bin", "where rembusd is and nats-server is built into")
	flag.Parse()
	if o.rounds == 0 {
		o.rounds = 5
		if o.quick {
			o.rounds = 1
		}
	}
	o.some = workloads != "" || peers != ""
	if o.json == "" && !o.quick && !o.some {
		o.json = docsJSON
	}
	var err error
	if o.workloads, err = regexp.Compile(workloads); err != nil {
		return o, err
	}
	o.peers, err = regexp.Compile(peers)
	return o, err
}

const (
	docsJSON = "../docs/performance.json"
	docsPage = "../docs/performance.md"
)

func run() (err error) {
	o, err := parse()
	if err != nil {
		return err
	}
	if o.docs {
		return writePage()
	}
	bin := workload.Binaries{
		Rembusd: filepath.Join(o.bin, "rembusd"),
		NATS:    filepath.Join(o.bin, "nats-server"),
		DuckDB:  filepath.Join(o.bin, "bench-duckdb"),
		Python:  filepath.Join(o.bin, "rembus-python"),
	}
	all, remove := workload.All(bin)
	if o.list {
		return list(all)
	}
	defer func() { err = errors.Join(err, remove()) }()
	if _, err := exec.LookPath(bin.Rembusd); err != nil {
		return fmt.Errorf("there is no rembusd to measure, make build makes one: %w", err)
	}
	if err := errors.Join(
		build("github.com/nats-io/nats-server/v2", bin.NATS),
		build("github.com/rembus-go/rembus/bench/cmd/duckdb", bin.DuckDB),
	); err != nil {
		return err
	}
	if o.profile != "" {
		stop, err := profile(o.profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m := newMeasurement(o)
	if err := m.run(ctx, all, workload.Curves(bin)); err != nil {
		return err
	}
	if o.json == "" {
		return nil
	}
	if err := m.report.Save(o.json); err != nil {
		return err
	}
	if o.json != docsJSON {
		return draw(m.report, filepath.Dir(o.json))
	}
	return writePage()
}

// run measures what the options ask for. A full run has workloads and curves, a
// short one only workloads; with --curves it is only curves, which replace
// those of the figures that are there.
func (m *measurement) run(ctx context.Context, all []workload.Workload, curves []workload.Curve) error {
	o := m.options
	for _, w := range all {
		if o.curves || !o.workloads.MatchString(w.Name) {
			continue
		}
		if err := m.measure(ctx, w); err != nil {
			return err
		}
	}
	for _, c := range curves {
		if !o.curves && (o.quick || o.some) || !o.workloads.MatchString(c.Name) {
			continue
		}
		if err := m.curve(ctx, c); err != nil {
			return err
		}
	}
	m.report.Summary(os.Stdout)
	m.report.Machine.Load += ", " + report.LoadAverage()
	if !o.curves || o.json != docsJSON {
		return nil
	}
	old, err := report.Load(docsJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	old.Curves = m.report.Curves
	m.report = old
	return nil
}

func list(all []workload.Workload) error {
	for _, w := range all {
		fmt.Printf("%s: %s\n  %s\n", w.Name, w.Title, w.Ours.Name)
		for _, r := range w.Rivals {
			fmt.Printf("  %s\n", r.Name)
		}
	}
	return nil
}

func writePage() error {
	r, err := report.Load(docsJSON)
	if err != nil {
		return err
	}
	page, err := os.Create(docsPage)
	if err != nil {
		return err
	}
	defer page.Close()
	r.Markdown(page)
	return errors.Join(page.Close(), draw(r, filepath.Dir(docsPage)))
}

// build compiles a peer that is a Go program, at the version of go.mod.
func build(pkg, file string) error {
	cmd := exec.Command("go", "build", "-o", file, pkg)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("failed to build %s: %w", pkg, err)
	}
	return nil
}

// profile starts a CPU profile; stop ends it.
func profile(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}, nil
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func newMeasurement(o options) *measurement {
	size := workload.Full
	if o.quick {
		size = workload.Quick
	}
	if o.time > 0 {
		size.Time = o.time
	}
	if o.lakeRows > 0 {
		size.LakeRows = o.lakeRows
	}
	return &measurement{options: o, size: size, report: &report.Report{
		Date:    time.Now(),
		Commit:  commit(),
		Machine: report.ThisMachine(),
		Rounds:  o.rounds,
		Seconds: size.Time.Seconds(),
	}}
}
