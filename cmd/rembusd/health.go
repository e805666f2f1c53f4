package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/server"
)

// The states of a broker.
const (
	green    = "green"
	degraded = "degraded"  // it serves, but something wants attention
	readOnly = "read-only" // nothing that is published is stored or acked any more
)

// The codes of reasons, for programs. They are part of what the method health
// promises: none changes its meaning.
const (
	codeJournalFailed  = "journal-failed"
	codeJournalFull    = "journal-full"
	codeJournalDamaged = "journal-damaged"
	codeLogFull        = "log-full"
	codeLakeFailed     = "lake-failed"
	codeLakeBehind     = "lake-behind"
	codeLakeDamaged    = "lake-damaged"
	codeDiskLow        = "disk-low"
	codeNoJournal      = "no-journal" // a note
)

// reason is why a broker is not green, or a note.
type reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// snapshot is what the health of a broker is judged by.
type snapshot struct {
	limits              healthLimits
	before              []reason // what the verdict before this one found
	stats               server.Stats
	first, end, durable uint64          // of the log
	journal             *journal.Health // nil: the log is in memory
	memoryFull          bool            // and takes nothing
	lake                *lakeSnapshot   // nil: there is none
	disk                *diskSpace      // nil: unknown
}

// healthLimits is how much is still green.
type healthLimits struct {
	lakeLag time.Duration // how late a message may be in its table
	diskLow int64         // bytes that must be free
}

type lakeSnapshot struct {
	position uint64        // in the log
	behind   uint64        // durable messages that it has not read
	lag      time.Duration // for how long the oldest of them has waited
	refused  uint64        // rows
	err      error         // why it does not work
	damage   string        // "" for none
}

// diskSpace is that of the file system which holds the broker's directory.
type diskSpace struct {
	free, total int64 // bytes; free for this user
}

// verdict is what follows from a snapshot.
type verdict struct {
	state   string
	reasons []reason // none: green
	notes   []reason // what the operator should know, and wanted
}

// judge is the whole policy of health. Reasons come by weight.
func (s *snapshot) judge() verdict {
	v := verdict{state: green}
	add := func(state, code, format string, args ...any) {
		if v.state != readOnly {
			v.state = state
		}
		v.reasons = append(v.reasons, reason{code, plainText(fmt.Sprintf(format, args...))})
	}
	switch j := s.journal; {
	case j == nil:
		v.notes = append(v.notes, reason{codeNoJournal, "the log is in memory: what was acked does not survive a restart"})
		if s.memoryFull {
			add(degraded, codeLogFull, "the log in memory is full because the lake is behind: QoS 1 and 2 is refused, QoS 0 is not stored")
		}
	case j.State == journal.Failed:
		add(readOnly, codeJournalFailed, "nothing is stored or acked until the disk is in order and the broker restarted: %v", j.Reason)
	case j.State == journal.Full:
		add(degraded, codeJournalFull, "QoS 1 and 2 is refused and QoS 0 not stored until there is room: %v", j.Reason)
	}
	if l := s.lake; l != nil {
		if l.err != nil {
			add(degraded, codeLakeFailed, "the lake takes nothing and tries again: %v", l.err)
		}
		if limit := s.limits.lakeLag; l.lag > limit || s.had(codeLakeBehind) && l.lag > limit/2 {
			add(degraded, codeLakeBehind, "the lake is %d messages behind, the oldest has waited for %v", l.behind, l.lag.Round(time.Second))
		}
	}
	if l := s.lake; l != nil && l.damage != "" {
		add(degraded, codeLakeDamaged, "the lake's file: %s", l.damage)
	}
	if d := s.disk; d != nil {
		if low := s.limits.diskLow; d.free < low || s.had(codeDiskLow) && d.free-low < low/10 {
			add(degraded, codeDiskLow, "%s of %s are free on the disk of the broker's directory", bytesText(d.free), bytesText(d.total))
		}
	}
	if j := s.journal; j != nil && j.Damaged > 0 {
		add(degraded, codeJournalDamaged, "%d damaged places in the journal; rembusd journal verify names them", j.Damaged)
	}
	return v
}

// had reports whether the verdict before had a reason: what comes and goes at its
// limit is told once, and is over when it is clearly over.
func (s *snapshot) had(code string) bool {
	return slices.ContainsFunc(s.before, func(r reason) bool { return r.Code == code })
}

// same reports whether two verdicts differ in numbers only.
func (v verdict) same(w verdict) bool {
	return v.state == w.state && slices.EqualFunc(v.reasons, w.reasons, func(a, b reason) bool { return a.Code == b.Code })
}

// plainText puts text that others wrote, such as DuckDB, on one line of bounded
// length, without control characters.
func plainText(s string) string {
	const most = 400
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// bytesText returns a number of bytes for people.
func bytesText(n int64) string {
	for _, u := range units {
		if n >= u.bytes {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.bytes), u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
