package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/server"
)

// config is what a broker is told to be.
type config struct {
	name, dir, listen   string
	port                int
	schema              string
	noLake              bool
	lakeMemory          size
	batchInterval       duration
	queryTimeout        duration
	timezone            timezone
	rejectedAge         duration
	rejectedRows        int
	cert, key           string
	origins             []string
	maxConnections      int
	pingInterval        duration
	logLevel, logFormat string
	policy              string
	overwrite           bool
	requestTimeout      duration
	ackTimeout          duration
	sendRetries         int
	maxMessage          size
	outbox              size
	outboxTotal         size
	window              int
	maxSubscriptions    int
	noJournal           bool
	journalPolicy       []string
	retention           duration
	retentionSize       size
	hardCap             size
	twinExpiry          duration
	shutdownTimeout     duration
	lakeLag             duration
	diskLow             size
	pprof               pprofConfig
	fs                  journal.FS // nil: the operating system's; tests inject faults

	sources map[string]string // of each flag: where its value came from
}

func newConfig() *config { return &config{sources: make(map[string]string)} }

// rembusNames are the environment variables of Rembus itself that are called
// differently from the flag they set.
var rembusNames = map[string]string{
	"request-timeout": "REMBUS_TIMEOUT",
	"ping-interval":   "REMBUS_WS_PING_INTERVAL",
	"log-level":       "REMBUS_LOG",
}

// flags declares the flags with their defaults.
func (c *config) flags(f *pflag.FlagSet) {
	c.lakeMemory = defaultLakeMemory(os.DirFS("/"))
	c.maxMessage, c.outbox, c.outboxTotal = 64<<20, 16<<20, 1<<30
	c.retentionSize, c.hardCap = 6<<30, 8<<30
	c.batchInterval, c.queryTimeout = duration(250*time.Millisecond), duration(10*time.Second)
	c.pingInterval, c.requestTimeout, c.ackTimeout = duration(30*time.Second), duration(10*time.Second), duration(2*time.Second)
	c.retention, c.shutdownTimeout = duration(time.Hour), duration(10*time.Second)
	c.lakeLag, c.diskLow = duration(10*time.Second), 1<<30
	c.rejectedAge = duration(7 * 24 * time.Hour)
	c.twinExpiry = duration(30 * 24 * time.Hour)

	f.StringVar(&c.name, "name", "broker", "name of the broker, and of its directory")
	f.StringVar(&c.dir, "dir", defaultDir(), "directory that holds the brokers' directories")
	f.StringVar(&c.listen, "listen", "127.0.0.1:8338", "address to listen on; :8338 for all interfaces")
	f.IntVar(&c.port, "port", 0, "port to listen on, in place of the one in --listen")
	f.StringVar(&c.schema, "schema", "", "file that maps topics to tables")
	f.BoolVar(&c.noLake, "no-lake", false, "run without DuckDB: nothing is stored in tables")
	f.Var(&c.lakeMemory, "lake-memory", "memory that DuckDB may use; a quarter of what the process may, but at least 512MiB, is the default")
	f.Var(&c.batchInterval, "batch-interval", "how long messages wait for others before they go into their tables together")
	f.Var(&c.queryTimeout, "query-timeout", "a query is cancelled after this; not more than --request-timeout helps")
	f.Var(&c.rejectedAge, "rejected-age", "how long rows that did not fit their table are kept in the table rejected")
	f.IntVar(&c.rejectedRows, "rejected-rows", 100_000, "and how many of them, about")
	f.Var(&c.timezone, "timezone", "zone of an instant that a query asks for without one: UTC, Local or a name such as Europe/Rome")
	f.StringVar(&c.cert, "cert", "", "TLS certificate, PEM; with --key serves wss://")
	f.StringVar(&c.key, "key", "", "TLS key, PEM")
	f.StringSliceVar(&c.origins, "origin", nil, "web pages that may connect, as host patterns such as *.example.com")
	f.IntVar(&c.maxConnections, "max-connections", 0, "connections at once; 0 = what the limit of open files allows")
	f.Var(&c.pingInterval, "ping-interval", "how often connections are asked for a sign of life")
	f.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&c.logFormat, "log-format", "text", "text or json")
	f.StringVar(&c.policy, "policy", "first_up", "who serves a call when several may: first_up, round_robin or less_busy")
	f.BoolVar(&c.overwrite, "overwrite-connection", false, "a newer connection of a name replaces the older one, even if that is alive")
	f.Var(&c.requestTimeout, "request-timeout", "a call waits so long for its answer")
	f.Var(&c.ackTimeout, "ack-timeout", "with send-retries: how long a subscriber may leave everything unacked")
	f.IntVar(&c.sendRetries, "send-retries", 10, "see ack-timeout")
	f.Var(&c.maxMessage, "max-message", "largest message")
	f.Var(&c.outbox, "outbox", "bytes queued for one connection")
	f.Var(&c.outboxTotal, "outbox-total", "bytes queued for all connections together")
	f.IntVar(&c.window, "window", 1024, "QoS1/2 messages on their way to one component without ACK")
	f.IntVar(&c.maxSubscriptions, "max-subscriptions", 10_000, "subscriptions, and exposed functions, of one component")
	f.BoolVar(&c.noJournal, "no-journal", false, "keep the log in memory: nothing that was acked survives a restart")
	f.StringSliceVar(&c.journalPolicy, "journal-policy", nil, "what is stored of a topic space, as SPACE=all, durable (QoS1/2 only) or off; the first that fits")
	f.Var(&c.retention, "retention", "how long messages are kept for components that are away")
	f.Var(&c.retentionSize, "retention-size", "and how many bytes of them at most")
	f.Var(&c.hardCap, "hard-cap", "bytes that may be kept while the lake is behind; at that, QoS1/2 is refused")
	f.Var(&c.twinExpiry, "twin-expiry", "a component that was not seen for so long is forgotten, with its subscriptions")
	f.Var(&c.lakeLag, "lake-lag", "a lake that is longer behind makes the health degraded")
	f.Var(&c.diskLow, "disk-low", "and so does less than this free on the disk of the broker's directory")
	f.StringVar(&c.pprof.addr, "pprof", "", "serve profiles over HTTP on this port of 127.0.0.1, or host:port (default off)")
	f.IntVar(&c.pprof.mutex, "pprof-mutex", 0, "with --pprof: record one in so many contended locks")
	f.Var(&c.pprof.block, "pprof-block", "with --pprof: record about one blocking for each such time that goroutines wait")
	f.Var(&c.shutdownTimeout, "shutdown-timeout", "how long a shutdown may take to write everything out")
}

func defaultDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	return filepath.Join(home, ".config", "rembus")
}

// load fills in what was not given as a flag from the environment and from
// settings.json, and checks the whole.
func (c *config) load(f *pflag.FlagSet) error {
	if err := c.fromEnvironment(f); err != nil {
		return err
	}
	if err := c.fromSettings(f); err != nil {
		return err
	}
	return c.validate()
}

func (c *config) fromEnvironment(f *pflag.FlagSet) error {
	var err error
	f.VisitAll(func(fl *pflag.Flag) {
		if fl.Changed {
			c.sources[fl.Name] = "flag"
			return
		}
		names := []string{"REMBUS_" + strings.ToUpper(strings.ReplaceAll(fl.Name, "-", "_"))}
		if alias, ok := rembusNames[fl.Name]; ok {
			names = append(names, alias)
		}
		for _, name := range names {
			v, ok := os.LookupEnv(name)
			if !ok || v == "" || fl.Changed {
				continue
			}
			if e := f.Set(fl.Name, v); e != nil {
				err = errors.Join(err, wrong("%s=%q: %w", name, v, e))
			}
			c.sources[fl.Name] = name
		}
	})
	return err
}

// fromSettings reads settings.json of the broker's directory, where there is one.
func (c *config) fromSettings(f *pflag.FlagSet) error {
	path := filepath.Join(c.home(), "settings.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading the settings: %w", err)
	}
	var settings map[string]any
	if err := json.Unmarshal(data, &settings); err != nil {
		return wrong("%s: %w", path, err)
	}
	for key, v := range settings {
		fl := f.Lookup(key)
		if fl == nil || key == "dir" || key == "name" {
			return wrong("%s: unknown setting %q; rembusd config lists them", path, key)
		}
		if fl.Changed {
			continue
		}
		if err := f.Set(key, fmt.Sprint(v)); err != nil {
			return wrong("%s: %s: %w", path, key, err)
		}
		c.sources[key] = path
	}
	return nil
}

func (c *config) validate() error {
	switch {
	case (c.cert == "") != (c.key == ""):
		return wrong("TLS needs both --cert and --key")
	case c.logFormat != "text" && c.logFormat != "json":
		return wrong("--log-format must be text or json, not %q", c.logFormat)
	case c.name == "":
		return wrong("--name must not be empty")
	case c.window < 1 || c.maxSubscriptions < 1 || c.sendRetries < 0 || c.maxConnections < 0:
		return wrong("--window, --max-subscriptions, --send-retries and --max-connections must not be negative")
	case c.maxMessage < 8<<20:
		return wrong("--max-message must be at least 8MiB")
	case c.rejectedRows < 1 || c.rejectedAge <= 0:
		return wrong("--rejected-rows and --rejected-age must be positive")
	case c.port < 0 || c.port > 65535:
		return wrong("--port must be from 1 to 65535")
	}
	switch server.Policy(c.policy) {
	case server.FirstUp, server.RoundRobin, server.LessBusy:
	default:
		return wrong("--policy must be first_up, round_robin or less_busy, not %q", c.policy)
	}
	if c.port != 0 {
		host, _, err := net.SplitHostPort(c.listen)
		if err != nil {
			return wrong("--listen %s: %v", c.listen, err)
		}
		c.listen = net.JoinHostPort(host, strconv.Itoa(c.port))
	}
	return c.pprof.validate()
}

// home is the broker's own directory.
func (c *config) home() string { return filepath.Join(c.dir, escape(c.name)) }

// configCommand prints what is in force.
func configCommand(c *config) *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "print the settings in force and where each came from",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.load(cmd.Flags()); err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
				source, ok := c.sources[f.Name]
				if !ok {
					source = "default"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, f.Value, source)
			})
			return w.Flush()
		},
	}
}
