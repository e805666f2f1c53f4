package main

import (
	"strconv"

	"github.com/spf13/cobra"
)

func queryCommand(c *client) *cobra.Command {
	var q question
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
  rembus query sensor --when "2026-01-31 10:20"
  rembus query telemetry --limit 100000 --offset 200000
  rembus query telemetry --format arrow | python3 -c 'import polars, sys; print(polars.read_ipc_stream(sys.stdin.buffer))'`,
		Args: named("TABLE", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := format.check(cmd.OutOrStdout()); err != nil {
				return err
			}
			k := call{client: c, method: "query_" + args[0], hint: "the broker has no table " + args[0] + "; rembusd --schema names its tables"}
			if argument := q.argument(cmd.Flags().Changed); len(argument) > 0 {
				k.args = []any{argument}
			}
			result, err := k.run(cmd.Context(), newConsole(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return format.print(cmd.OutOrStdout(), result)
		},
	}
	cmd.Flags().StringVar(&q.where, "where", "", "only rows for which this SQL condition holds")
	cmd.Flags().StringSliceVar(&q.cols, "cols", nil, "only these columns, separated by commas")
	cmd.Flags().StringVar(&q.when, "when", "", "the table as it was then: seconds since 1970, or such as 2026-01-31T10:20:30Z")
	cmd.Flags().Int64Var(&q.limit, "limit", 0, "so many rows at most, in an order that they keep")
	cmd.Flags().Int64Var(&q.offset, "offset", 0, "without so many rows at the start")
	cmd.Flags().Var(&format, "format", "table, json, csv or arrow")
	complete(cmd, "format", formats...)
	return cmd
}

// question is what is asked of a table.
type question struct {
	where         string
	cols          []string
	when          string
	limit, offset int64
}

// argument is that of query_T, of the flags that were given.
func (q *question) argument(given func(flag string) bool) map[string]any {
	argument := make(map[string]any)
	for flag, v := range map[string]any{"where": q.where, "cols": q.cols, "limit": q.limit, "offset": q.offset} {
		if given(flag) {
			argument[flag] = v
		}
	}
	if given("when") {
		argument["when"] = q.when
		if seconds, err := strconv.ParseFloat(q.when, 64); err == nil {
			argument["when"] = seconds
		}
	}
	return argument
}
