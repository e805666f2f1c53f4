package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// openLog opens the log that the broker stands on: the journal, or memory. Its
// numbers go on above the lake's position.
func openLog(c *config, db *store, logger *slog.Logger) (log server.Log, end func(context.Context) error, err error) {
	if c.noJournal {
		m := memlog.New(memlog.Options{
			Floor: db.position(), Keep: db.keep(),
			MaxAge: time.Duration(c.retention), MaxBytes: min(int64(c.retentionSize), memoryBytes), HardCap: min(int64(c.hardCap), memoryCap),
		})
		return m, func(context.Context) error { return m.Close() }, nil
	}
	var rules []journal.Rule
	for _, text := range c.journalPolicy {
		rule, err := journal.ParseRule(text)
		if err != nil {
			return nil, nil, wrong("--journal-policy: %w", err)
		}
		rules = append(rules, rule)
	}
	policy, err := journal.NewPolicy(rules)
	if err != nil {
		return nil, nil, wrong("--journal-policy: %w", err)
	}
	dir := filepath.Join(c.home(), "journal")
	j, err := journal.Open(dir, journal.Options{
		RetentionAge: time.Duration(c.retention), RetentionBytes: int64(c.retentionSize), HardCap: int64(c.hardCap),
		Floor: db.position(), Keep: db.keep(), Policy: policy, Logger: logger, FS: c.fs,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("the journal %s: %w", dir, err)
	}
	return j, j.Close, nil
}

// A log in memory is bounded more tightly than one on disk.
const (
	memoryBytes = 256 << 20
	memoryCap   = 1 << 30
)
