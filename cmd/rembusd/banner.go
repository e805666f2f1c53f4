package main

import (
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/rembus-go/rembus/schema"
)

// newLogger makes the logger that the flags ask for.
func newLogger(c *config, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	name := strings.ToUpper(c.logLevel)
	if name == "WARNING" { // Rembus calls it so
		name = "WARN"
	}
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return nil, wrong("--log-level must be debug, info, warn or error, not %q", c.logLevel)
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), nil
}

// banner says what is served, when it is.
func banner(logger *slog.Logger, c *config, addr string, tables *schema.Schema) {
	scheme := "ws"
	if c.cert != "" {
		scheme = "wss"
	}
	logger.Info("rembusd is ready", "name", c.name, "version", version, "url", scheme+"://"+addr, "dir", c.home(), "pid", os.Getpid())
	if host, _, err := net.SplitHostPort(addr); err == nil && !net.ParseIP(host).IsLoopback() {
		logger.Warn("reachable from other machines, and everybody may log in under any name", "addr", addr)
	}
	if c.noJournal {
		logger.Warn("no journal: what was acked does not survive a restart")
	}
	switch {
	case tables == nil:
		logger.Info("no tables: nothing is stored for queries; --schema names a file that maps topics to tables")
	case c.noLake:
		logger.Info("no lake: the schema's tables are not stored")
	default:
		logger.Info("lake", "file", filepath.Join(c.home(), "lake.duckdb"))
		for _, t := range tables.Tables {
			logger.Info("table", "name", t.Name, "topic", t.Topic)
		}
	}
}
