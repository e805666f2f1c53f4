package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

// errDamaged makes `journal verify` end with exitFailed.
var errDamaged = errors.New("the journal is damaged")

// journalCommand groups what people may want to know of a journal. Nothing of it
// takes a lock or writes, so a broker may be running.
func journalCommand(c *config) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "look at a journal, also while the broker runs",
		Long: `Look at what a broker has in its journal. Nothing is changed and no lock is
taken, so the broker may be running; what it is writing at this moment then shows
as the cut end of the newest file.`,
	}
	var path string
	cmd.PersistentFlags().StringVar(&path, "path", "", "the journal's directory, in place of the one of --dir and --name")
	where := func(cmd *cobra.Command) (string, error) {
		if path != "" {
			return path, nil
		}
		if err := c.load(cmd.Root().PersistentFlags()); err != nil {
			return "", err
		}
		return filepath.Join(c.home(), "journal"), nil
	}
	cmd.AddCommand(journalStat(where), journalVerify(where), journalDump(where))
	return cmd
}

func journalStat(where func(*cobra.Command) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "stat",
		Short: "print the files, sizes, sequence numbers and ages",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := where(cmd)
			if err != nil {
				return err
			}
			st, err := journal.Stat(dir)
			if err != nil {
				return explainMissing(err)
			}
			return printStats(cmd.OutOrStdout(), dir, st)
		},
	}
}

func journalVerify(where func(*cobra.Command) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "check every byte; exit code 1 when something is damaged",
		Long: `Check every byte of the journal. The exit code is 1 when something is damaged.
The end of a file that a crash cut off is no damage: it was never acknowledged.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := where(cmd)
			if err != nil {
				return err
			}
			st, err := journal.Verify(dir)
			if err != nil {
				return explainMissing(err)
			}
			damaged := 0
			for _, d := range st.Damage {
				fmt.Fprintln(cmd.OutOrStdout(), d)
				if !d.Cut {
					damaged++
				}
			}
			if damaged > 0 {
				return fmt.Errorf("%w: %d ranges in %s", errDamaged, damaged, dir)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: no damage in %d messages, %d bytes, %d files\n", dir, st.Entries, st.Bytes, len(st.Segments))
			return nil
		},
	}
}

func printStats(out io.Writer, dir string, st journal.Stats) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "directory\t%s\n", dir)
	fmt.Fprintf(w, "files\t%d\n", len(st.Segments))
	fmt.Fprintf(w, "bytes\t%d\n", st.Bytes)
	fmt.Fprintf(w, "messages\t%d\n", st.Entries)
	if st.Entries > 0 {
		fmt.Fprintf(w, "sequence\t%d to %d\n", st.First, st.Last)
		for _, end := range []struct {
			name string
			seq  uint64
		}{{"oldest", st.First}, {"newest", st.Last}} {
			err := journal.Dump(dir, journal.Filter{From: end.seq, To: end.seq}, func(e *protocol.Entry) error {
				at := time.Unix(0, e.Time)
				fmt.Fprintf(w, "%s\t%s, %v ago\n", end.name, at.UTC().Format(time.RFC3339), time.Since(at).Round(time.Second))
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(w, "states\t%d\n", st.States)
	for _, d := range st.Damage {
		fmt.Fprintf(w, "damage\t%v\n", d)
	}
	fmt.Fprintf(w, "\nfile\tbegun\tbytes\tmessages\tsequence\ttopics\tclosed\n")
	for _, s := range st.Segments {
		span, topics, begun := "-", "many", "-"
		if s.Entries > 0 {
			span = fmt.Sprintf("%d to %d", s.First, s.Last)
		}
		if s.Topics != nil || s.Entries == 0 {
			topics = fmt.Sprint(len(s.Topics))
		}
		if !s.Created.IsZero() {
			begun = s.Created.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%v\n", s.File, begun, s.Bytes, s.Entries, span, topics, s.Closed)
	}
	return w.Flush()
}

func explainMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no journal; --dir and --name, or --path, say where it is: %w", err)
	}
	return err
}
