package main

import (
	"github.com/spf13/cobra"
)

func queryCommand(c *client) *cobra.Command {
	var where string
	var cols []string
	format := tableFormat
	cmd := &cobra.Command{
		Use:   "query TABLE",
		Short: "print rows of a table of the broker's lake",
		Long: `query prints the rows of a table, in one of these formats:

  table  aligned columns for people; NULL where there is no value
  json   a list of one object a row
  csv    as RFC 4180 has it, with a line of names; nothing between the commas is
         NULL, "" an empty text
  arrow  an Arrow IPC stream, for polars, pandas, DuckDB and others

Times are UTC, byte strings base64. The condition of --where is SQL; texts in it
have single quotes. What was published before is seen.`,
		Example: `  rembus query telemetry
  rembus query telemetry --where "dn = 'belluno.s1' and temperature > 18"
  rembus query sensor --cols site,dn --format csv > sensors.csv
  rembus query telemetry --format arrow | python3 -c 'import polars, sys; print(polars.read_ipc_stream(sys.stdin.buffer))'`,
		Args: named("TABLE", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := format.check(cmd.OutOrStdout()); err != nil {
				return err
			}
			k := call{client: c, method: "query_" + args[0], hint: "the broker has no table " + args[0] + "; rembusd --schema names its tables"}
			if where != "" || len(cols) > 0 {
				k.args = []any{question(where, cols)}
			}
			result, err := k.run(cmd.Context(), newConsole(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return format.print(cmd.OutOrStdout(), result)
		},
	}
	cmd.Flags().StringVar(&where, "where", "", "only rows for which this SQL condition holds")
	cmd.Flags().StringSliceVar(&cols, "cols", nil, "only these columns, separated by commas")
	cmd.Flags().Var(&format, "format", "table, json, csv or arrow")
	complete(cmd, "format", formats...)
	return cmd
}

// question is the argument of query_T.
func question(where string, cols []string) map[string]any {
	q := make(map[string]any)
	if where != "" {
		q["where"] = where
	}
	if len(cols) > 0 {
		q["cols"] = cols
	}
	return q
}
