package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/component"
)

// exitCode ends the program with that code and without a word.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// healthCodes are the exit codes of the states of a broker.
var healthCodes = map[string]exitCode{"green": exitOK, "degraded": 3, "read-only": 4}

// health is what a broker answers; see rembusd.
type health struct {
	State   string         `json:"state"`
	Since   string         `json:"since"`
	Reasons []healthReason `json:"reasons"`
	Notes   []healthReason `json:"notes"`
	Stats   map[string]any `json:"stats"`
}

type healthReason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

func healthCommand(c *client) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "health",
		Short: "say whether the broker is well; the exit code says it too",
		Long: `health prints the state of the broker, why it is so, and what it has counted since
its start.

Exit codes: 0 green; 3 degraded: it serves, but something wants attention; 4
read-only: nothing is stored or acknowledged any more; 1 it cannot be reached or
does not say; 2 the arguments or flags are wrong.`,
		Example: `  rembus health
  rembus health > /dev/null || echo 'look after the broker'
  rembus health --json | jq -r '.reasons[].code'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return wrong("unexpected argument %q; see %s --help", args[0], cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			k := call{client: c, method: "health", hint: "the broker does not know of health; is it an older one, or another program?"}
			result, err := k.run(cmd.Context(), newConsole(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return showHealth(cmd.OutOrStdout(), result, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the broker's answer as JSON")
	return cmd
}

// showHealth prints the answer of a broker and returns the exit code that it means.
func showHealth(w io.Writer, result component.Value, asJSON bool) error {
	text, err := valueJSON(result.Payload())
	if err != nil {
		return err
	}
	var h health
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber() // with all their digits
	err = numbers.Decode(&h)
	code, known := healthCodes[h.State]
	if err != nil || !known {
		return fmt.Errorf("the broker's answer is no health: %s", excerpt(string(text)))
	}
	if asJSON {
		_, err = fmt.Fprintf(w, "%s\n", text)
	} else {
		err = h.print(w)
	}
	if err == nil && code != exitOK {
		err = code
	}
	return err
}

// print writes h for people: reasons, notes and counters below the state.
func (h *health) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s since %s\n", clean(h.State), clean(h.Since))
	for _, r := range h.Reasons {
		fmt.Fprintf(w, "%s\t%s\n", clean(r.Code), clean(r.Text))
	}
	for _, r := range h.Notes {
		fmt.Fprintf(w, "note: %s\t%s\n", clean(r.Code), clean(r.Text))
	}
	fmt.Fprintln(w)
	printStats(w, "", h.Stats)
	return w.Flush()
}

// printStats writes counters by name, those of a group behind the others.
func printStats(w io.Writer, prefix string, stats map[string]any) {
	names := slices.Sorted(maps.Keys(stats))
	for _, name := range names {
		if _, group := stats[name].(map[string]any); !group {
			text, err := json.Marshal(stats[name])
			if err != nil {
				text = []byte("?") // it came from JSON
			}
			fmt.Fprintf(w, "%s\t%s\n", clean(prefix+name), clean(string(text)))
		}
	}
	for _, name := range names {
		if group, ok := stats[name].(map[string]any); ok {
			printStats(w, prefix+name+".", group)
		}
	}
}
