// Command rembus is the command line of a Rembus broker: it publishes and
// subscribes, calls methods and serves them by commands, and queries the tables
// of the lake. It is built on package component and needs no cgo.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "devel"

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the broker or the component at the other end refused, or cannot be reached
	exitUsage  = 2 // wrong arguments or flags
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	fmt.Fprintf(stderr, "rembus: %s\n", explain(err))
	var wrong *usageError
	if errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	c := &client{}
	root := &cobra.Command{
		Use:   "rembus",
		Short: "talk to a Rembus broker",
		Long: `rembus publishes and subscribes, calls methods and serves them by commands, and
queries the tables of a Rembus broker's lake.

Arguments of messages and calls are JSON: 18.5, true, '{"temperature": 18.5}',
and '"text"' with both kinds of quotes, since the shell takes one of them away.
Negative numbers look like flags: write -- before the first one.

Exit codes: 0 all went well; 1 it failed: the broker cannot be reached, refused,
or a method failed; 2 the arguments or flags are wrong. rembus health has more.`,
		Example: `  rembus pub belluno.s1/telemetry '{"temperature": 18.5, "pressure": 1013.2}'
  rembus sub '**/telemetry'
  rembus query telemetry --where 'temperature > 18'
  rembus expose add -- jq 'add'
  rembus rpc add 1 2
  rembus --url wss://broker.example.com --ca ca.pem --name meter sub alarm --from all`,
		Args:          unknownCommand,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	root.SetFlagErrorFunc(wrongFlag)
	root.SetVersionTemplate("rembus {{.Version}}\n")
	c.flags(root.PersistentFlags())
	root.AddCommand(pubCommand(c), subCommand(c), rpcCommand(c), exposeCommand(c), queryCommand(c), sqlCommand(c), twinCommand(c), healthCommand(c), benchCommand(c))
	return root
}
