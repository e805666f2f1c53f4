package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/component"
)

func rpcCommand(c *client) *cobra.Command {
	var target string
	format := jsonFormat
	cmd := &cobra.Command{
		Use:   "rpc METHOD [JSON…]",
		Short: "call a method and print its result",
		Long: `rpc calls a method with one argument for each JSON value and prints the result as
JSON. A result that is a DataFrame is printed as a list of its rows, or in
another --format. Methods of the broker itself are rid, version, uptime and health, with
tables sql, and for each table T query_T, upsert_T and delete_T.`,
		Example: `  rembus rpc add 1 2
  rembus rpc uptime
  rembus rpc calibrate '"probe 7"' '{"offset": 0.25}' --target belluno.s1 --timeout 30s
  rembus rpc query_telemetry '{"where": "temperature > 18"}' --format table
  rembus rpc add -- -1 2`,
		Args: named("METHOD", -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			values, err := arguments(args[1:])
			if err != nil {
				return err
			}
			if err := format.check(cmd.OutOrStdout()); err != nil {
				return err
			}
			k := call{client: c, method: args[0], target: target, args: values,
				hint: "nobody exposes " + args[0] + "; is who does connected, and the name right?"}
			result, err := k.run(cmd.Context(), newConsole(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return format.print(cmd.OutOrStdout(), result)
		},
	}
	cmd.Flags().StringVar(&target, "target", "", "the component that has to serve it, of several that may")
	cmd.Flags().Var(&format, "format", "of a DataFrame: table, json, csv or arrow")
	complete(cmd, "format", formats...)
	return cmd
}

// call is one call of a method.
type call struct {
	client *client
	method string
	target string // "" for any component
	args   []any
	hint   string // when nobody exposes the method
}

func (k *call) run(ctx context.Context, console *console) (component.Value, error) {
	var none component.Value
	if err := checkTopic(k.method); err != nil {
		return none, err
	}
	comp, err := k.client.dial(ctx, console, component.WithoutReconnect())
	if err != nil {
		return none, err
	}
	var v component.Value
	if k.target == "" {
		v, err = comp.RPC(ctx, k.method, k.args...)
	} else {
		v, err = comp.Direct(ctx, k.target, k.method, k.args...)
	}
	if err != nil {
		err = &callError{method: k.method, hint: k.hint, err: err}
		return none, k.client.close(comp, err)
	}
	return v, k.client.close(comp, nil)
}
