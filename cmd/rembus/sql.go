package main

import (
	"errors"
	"io"
	"regexp"

	"github.com/spf13/cobra"
)

func sqlCommand(c *client) *cobra.Command {
	var params []string
	format := tableFormat
	cmd := &cobra.Command{
		Use:   "sql QUERY",
		Short: "ask the broker's lake in SQL",
		Long: `sql runs one SELECT of DuckDB's SQL over the tables of the broker's lake and prints
the rows, in the formats of rembus query. Joins, WITH, subqueries, windows and
aggregates are allowed; what would change anything is refused. SHOW TABLES lists the
tables, DESCRIBE TABLE its columns, EXPLAIN SELECT … shows the plan. - reads the query
from the standard input.

Values are best given as parameters: $1, $2 and so on in the query, and a --param for
each; or $name and --param name=VALUE. A VALUE that reads as JSON is that, such as 18.5,
true, null or '"18.5"'; any other one is a text. Parameters need no quotes in the query,
but the query needs single quotes around it, that the shell leaves $ alone.

Queries see what was published before. They end after the broker's --query-timeout; big
results have to be read in pages, with LIMIT and OFFSET after an ORDER BY.`,
		Example: `  rembus sql 'SHOW TABLES'
  rembus sql 'SELECT dn, max(temperature) FROM telemetry GROUP BY dn ORDER BY 2 DESC LIMIT 10'
  rembus sql 'SELECT * FROM telemetry WHERE dn = $1 AND temperature > $2' --param belluno.s1 --param 18
  rembus sql 'SELECT kind, count(*) FROM sensor JOIN telemetry USING (dn) GROUP BY kind' --format csv
  rembus sql - --param day=2026-11-20 < report.sql`,
		Args: named("QUERY", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := format.check(cmd.OutOrStdout()); err != nil {
				return err
			}
			text, err := queryText(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			values, err := parameters(params)
			if err != nil {
				return err
			}
			k := call{client: c, method: "sql", args: append([]any{text}, values...),
				hint: "this broker has no lake; rembusd --schema gives it one"}
			result, err := k.run(cmd.Context(), newConsole(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return format.print(cmd.OutOrStdout(), result)
		},
	}
	cmd.Flags().StringArrayVar(&params, "param", nil, "value of the next parameter, or name=VALUE")
	cmd.Flags().Var(&format, "format", "table, json, csv or arrow")
	complete(cmd, "format", formats...)
	return cmd
}

// maxQuery is the longest query that is read; brokers take less.
const maxQuery = 1 << 20

// queryText returns the query that arg is, or stands for.
func queryText(arg string, stdin io.Reader) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	text, err := io.ReadAll(io.LimitReader(stdin, maxQuery+1))
	if err == nil && len(text) > maxQuery {
		err = errors.New("the query on the standard input is too long")
	}
	return string(text), err
}

// namedParam is how a parameter with a name begins.
var namedParam = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)=`)

// parameters returns what follows the query in the call: the values, or one map of
// those with names.
func parameters(params []string) ([]any, error) {
	values, byName := []any{}, make(map[string]any)
	for _, param := range params {
		name := namedParam.FindStringSubmatch(param)
		if name == nil {
			values = append(values, paramValue(param))
			continue
		}
		if _, twice := byName[name[1]]; twice {
			return nil, wrong("--param %s is given twice", name[1])
		}
		byName[name[1]] = paramValue(param[len(name[0]):])
	}
	switch {
	case len(byName) == 0:
		return values, nil
	case len(values) > 0:
		return nil, wrong("--param %q: either all parameters have a name or none; a text with = in it needs quotes of its own: '\"a=b\"'", params[0])
	}
	return []any{byName}, nil
}

// paramValue is text as JSON, or as it is.
func paramValue(text string) any {
	if value, err := argument(text); err == nil {
		return value
	}
	return text
}
