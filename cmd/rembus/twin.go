package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// twinInfo is what the broker tells of a component's twin.
type twinInfo struct {
	Name          string   `cbor:"name" json:"name"`
	Connected     bool     `cbor:"connected" json:"connected"`
	Address       string   `cbor:"address" json:"address,omitempty"`
	Seen          string   `cbor:"seen" json:"seen"`
	Subscriptions []string `cbor:"subscriptions" json:"subscriptions"`
	Exposed       []string `cbor:"exposed" json:"exposed"`
	Behind        uint64   `cbor:"behind" json:"behind"`
	Unacked       int      `cbor:"unacked" json:"unacked"`
}

func twinCommand(c *client) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "twin",
		Short: "see and remove what the broker keeps for named components",
		Long: `The broker keeps a twin for each named component: its subscriptions, its exposed
methods and its place in the log. It outlives the connection, and expires when the
component was not seen for long (rembusd --twin-expiry). A component sees the
twins of its own tenant: those whose names have the same text behind the first dot.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "ls",
		Short: "list the twins",
		Args:  unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var infos []twinInfo
			if err := c.ask(cmd, &infos, "twin_list"); err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tCONNECTED\tLAST SEEN\tSUBSCRIPTIONS\tEXPOSED\tBEHIND\tUNACKED")
			for _, t := range infos {
				fmt.Fprintf(w, "%s\t%t\t%s\t%d\t%d\t%d\t%d\n",
					clean(t.Name), t.Connected, clean(t.Seen), len(t.Subscriptions), len(t.Exposed), t.Behind, t.Unacked)
			}
			return w.Flush()
		},
	}, &cobra.Command{
		Use:   "show NAME",
		Short: "show one twin as JSON",
		Args:  named("NAME", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var info twinInfo
			if err := c.ask(cmd, &info, "twin_show", args[0]); err != nil {
				return err
			}
			out, err := json.MarshalIndent(info, "", "  ")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), lines(string(out)))
			return err
		},
	}, &cobra.Command{
		Use:   "rm NAME",
		Short: "forget a component that is not connected, with all that waits for it",
		Args:  named("NAME", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, nil, "twin_remove", args[0])
		},
	})
	return cmd
}

// ask calls a method of the broker and decodes its result.
func (c *client) ask(cmd *cobra.Command, result any, method string, args ...any) error {
	k := call{client: c, method: method, args: args, hint: "this broker does not know " + method + ": it is older"}
	v, err := k.run(cmd.Context(), newConsole(cmd.ErrOrStderr()))
	if err != nil || result == nil {
		return err
	}
	if err := v.Decode(result); err != nil {
		return fmt.Errorf("the broker's answer: %w", err)
	}
	return nil
}
