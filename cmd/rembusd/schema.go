package main

import (
	"fmt"

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
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t<- %s\n", t.Name, t.Topic)
			}
			return nil
		},
	})
	return cmd
}
