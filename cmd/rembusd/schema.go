package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/schema"
)

// schemaCommand groups what is done with schema files.
func schemaCommand() *cobra.Command {
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
