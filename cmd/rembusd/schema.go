package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/lake"
	"github.com/rembus-go/rembus/schema"
)

// schemaCommand groups what is done with schema files.
func schemaCommand(c *config) *cobra.Command {
	cmd := &cobra.Command{Use: "schema", Short: "work with schema files"}
	cmd.AddCommand(&cobra.Command{
		Use:   "check FILE",
		Short: "say everything that is wrong with a schema, with line and column",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := schema.Load(args[0])
			if err != nil {
				return wrong("the schema is refused\n%w", err)
			}
			for _, t := range s.Tables {
				writeTable(cmd.OutOrStdout(), t)
			}
			return nil
		},
	})
	cmd.AddCommand(schemaApply(c))
	return cmd
}

// schemaApply does what a start would do to the tables, and no more.
func schemaApply(c *config) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "bring the tables to the schema, as a start of the broker does",
		Long: `Bring the tables of the lake to those of --schema, as a start of the broker does,
and print the SQL that did it. What would lose values is refused, with the SQL that
does it. The broker must not run.`,
		Args: usage(cobra.NoArgs),
	}
	dry := cmd.Flags().Bool("dry-run", false, "change nothing, print what would be done")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.load(cmd.Root().PersistentFlags()); err != nil {
			return err
		}
		if c.schema == "" {
			return wrong("--schema names the file to apply")
		}
		tables, err := loadSchema(c.schema)
		if err != nil {
			return err
		}
		unlock, err := c.occupy()
		if err != nil {
			return err
		}
		defer unlock()
		o := c.lakeOptions(tables)
		statements, err := lake.Evolve(cmd.Context(), o, *dry)
		if err != nil {
			return fmt.Errorf("the lake %s: %w", o.Path, err)
		}
		for _, q := range statements {
			fmt.Fprintf(cmd.OutOrStdout(), "%s;\n", q)
		}
		if len(statements) == 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "-- the tables are as the schema says")
		}
		return nil
	}
	return cmd
}

// writeTable says which topics fill a table and delete from it.
func writeTable(w io.Writer, t *schema.Table) {
	fmt.Fprintf(w, "%s\t<- %s\n", t.Name, t.Topic)
	switch {
	case t.DeleteTopic == "":
	case len(t.Keys) == 0:
		fmt.Fprintf(w, "%s\tdelete_topic has no effect: the table has no keys\n", t.Name)
	default:
		fmt.Fprintf(w, "%s\tdeletes <- %s\n", t.Name, t.DeleteTopic)
	}
}
