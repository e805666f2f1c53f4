package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// dumpFlags choose and shape what `journal dump` prints.
type dumpFlags struct {
	topic        string
	from, to     uint64
	since, until string
	json         bool
}

func journalDump(where func(*cobra.Command) (string, error)) *cobra.Command {
	var f dumpFlags
	cmd := &cobra.Command{
		Use:   "dump",
		Short: "print the messages, one a line, in order",
		Long: `Print the messages of the journal, one a line, in order: sequence number, time of
receipt, kind, QoS, publisher, topic, arguments. With --json each line is an object.`,
		Example: `  rembusd journal dump --topic 'belluno/**' --since 10m
  rembusd journal dump --from 1000 --to 2000 --json | jq .args`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.filter(time.Now())
			if err != nil {
				return &usageError{err}
			}
			dir, err := where(cmd)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			write := writeLine
			if f.json {
				write = writeJSON
			}
			err = journal.Dump(dir, filter, func(e *protocol.Entry) error {
				if err := cmd.Context().Err(); err != nil {
					return err
				}
				return write(out, e)
			})
			if err != nil {
				return explainMissing(err)
			}
			return out.Flush()
		},
	}
	cmd.Flags().StringVar(&f.topic, "topic", "", "only topics of this space")
	cmd.Flags().Uint64Var(&f.from, "from", 0, "first sequence number")
	cmd.Flags().Uint64Var(&f.to, "to", 0, "last sequence number; 0 = the newest")
	cmd.Flags().StringVar(&f.since, "since", "", "received at or after: a time such as 2026-01-31T12:00:00Z, or 10m for ten minutes ago")
	cmd.Flags().StringVar(&f.until, "until", "", "received before: as --since")
	cmd.Flags().BoolVar(&f.json, "json", false, "one JSON object a line")
	return cmd
}

func (f *dumpFlags) filter(now time.Time) (filter journal.Filter, err error) {
	filter.From, filter.To = f.from, f.to
	if filter.Since, err = instant(f.since, now); err != nil {
		return filter, fmt.Errorf("--since: %w", err)
	}
	if filter.Until, err = instant(f.until, now); err != nil {
		return filter, fmt.Errorf("--until: %w", err)
	}
	if f.topic == "" {
		return filter, nil
	}
	space, err := protocol.ParseSpace(f.topic, protocol.DefaultLimits())
	filter.Match = space.Match
	return filter, err
}

// instant reads a time, or how long ago it was; "" is the zero time.
func instant(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	var ago duration
	if ago.Set(s) != nil {
		return time.Time{}, fmt.Errorf("%q is neither a time such as 2026-01-31T12:00:00Z nor a duration such as 10m", s)
	}
	return now.Add(-time.Duration(ago)), nil
}

var kindNames = map[protocol.EntryKind]string{
	protocol.EntryPub: "pub", protocol.EntryUpsert: "upsert", protocol.EntryDelete: "delete",
}

// writeLine prints an entry for people. Names and topics are quoted where they
// hold anything but plain characters, so that nothing in them reaches a terminal.
func writeLine(w io.Writer, e *protocol.Entry) error {
	m := e.Msg
	from, slot := "-", ""
	if e.From != "" {
		from = plain(e.From)
	}
	if m.HasSlot {
		slot = fmt.Sprintf(" slot=%d", m.Slot)
	}
	_, err := fmt.Fprintf(w, "%d %s %s qos%d %s %s%s %s\n", e.Seq, time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano),
		kindNames[e.Kind], m.QoS, from, plain(m.Topic), slot, argsJSON(m.Data))
	return err
}

// plain quotes s when printing it as it is could mislead.
func plain(s string) string {
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` || s == "" || bytes.ContainsRune([]byte(s), ' ') {
		return quoted
	}
	return s
}

// dumpLine is an entry as one JSON object.
type dumpLine struct {
	Seq    uint64          `json:"seq"`
	Time   string          `json:"time"`
	Kind   string          `json:"kind"`
	QoS    protocol.QoS    `json:"qos"`
	ID     string          `json:"id,omitempty"`
	Slot   *uint32         `json:"slot,omitempty"`
	From   string          `json:"from,omitempty"`
	Origin string          `json:"origin,omitempty"` // the sender's own time
	Topic  string          `json:"topic"`
	Args   json.RawMessage `json:"args,omitempty"`
	Base64 string          `json:"cbor,omitempty"` // in place of args that JSON cannot express
}

func writeJSON(w io.Writer, e *protocol.Entry) error {
	m := e.Msg
	line := dumpLine{
		Seq: e.Seq, Time: time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano), Kind: kindNames[e.Kind],
		QoS: m.QoS, From: e.From, Topic: m.Topic,
	}
	if !m.ID.IsZero() {
		line.ID = m.ID.String()
	}
	if m.HasSlot {
		line.Slot = &m.Slot
	}
	if m.Origin != 0 {
		line.Origin = time.Unix(0, m.Origin).UTC().Format(time.RFC3339Nano)
	}
	if text, err := m.Data.JSON(); err == nil && json.Valid(text) {
		line.Args = text
	} else {
		line.Base64 = base64.StdEncoding.EncodeToString(m.Data.Raw())
	}
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("sequence %d: %w", e.Seq, err)
	}
	_, err = fmt.Fprintf(w, "%s\n", visible(text))
	return err
}

// argsJSON is the data in JSON, or its bytes where JSON cannot express it.
func argsJSON(p *protocol.Payload) []byte {
	text, err := p.JSON()
	if err != nil {
		return fmt.Appendf(nil, "%s:%s", p.Encoding(), base64.StdEncoding.EncodeToString(p.Raw()))
	}
	return visible(text)
}

// visible writes the control characters of a JSON text as JSON escapes. Where
// JSON allows them unescaped, DEL and those above it and bad UTF-8, they are
// inside strings; between tokens there is only white space.
func visible(text []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r == '\n', r == '\r', r == '\t':
			out.WriteByte(' ')
		case r < ' ' || !strconv.IsPrint(r) && r <= 0xffff:
			fmt.Fprintf(&out, `\u%04x`, r)
		case !strconv.IsPrint(r):
			high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}
