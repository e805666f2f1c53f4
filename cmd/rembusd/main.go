// Command rembusd is the Rembus broker: components connect to it over WebSocket,
// and what matches its schema is stored in DuckDB.
//
// This package only wires the parts together; what they do is in the packages
// server, journal, lake, schema and adaptor/ws.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // --timezone knows the zones on every machine

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "devel"

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the broker could not start, or failed
	exitUsage  = 2 // wrong flags, settings or schema
)

// usageError is what the user has to put right: exitUsage.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// wrong returns a usageError; %w works as in fmt.Errorf.
func wrong(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "rembusd: %v\n", err)
	var wrong *usageError
	if errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	c := newConfig()
	root := &cobra.Command{
		Use:   "rembusd",
		Short: "the Rembus message broker with a DuckDB lake",
		Long: `rembusd is a message broker for named components: publish and subscribe with
topic spaces, exposed functions, QoS 0, 1 and 2, replay for who was away. A schema
maps topics to DuckDB tables, so that what was published can be queried.

Every flag has an environment variable, REMBUS_ and its name in capitals with _
for -, such as REMBUS_LOG_LEVEL; and a key of its name in settings.json in the
broker's directory. A flag wins over the environment, that over settings.json.
Durations are written as 10s or 1h30m, plain numbers are seconds; sizes as 64MiB.`,
		Example: `  rembusd --schema schema.json              serve with a lake, on 127.0.0.1:8338
  rembusd --listen :8338                    serve all interfaces, without tables
  rembusd --cert cert.pem --key key.pem     serve wss://
  rembusd schema check schema.json          say what is wrong with a schema
  rembusd journal stat                      what the journal holds`,
		Args:          usage(cobra.NoArgs),
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.load(cmd.Flags()); err != nil {
				return err
			}
			return serve(cmd.Context(), c, cmd.ErrOrStderr())
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return wrong("%w; see %s --help", err, cmd.CommandPath())
	})
	root.SetVersionTemplate("rembusd {{.Version}}\n")
	c.flags(root.PersistentFlags())
	root.AddCommand(schemaCommand(c), configCommand(c), journalCommand(c), probeCommand(os.Exit))
	return root
}

// usage marks what check finds as the user's to put right.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return wrong("%w; see %s --help", err, cmd.CommandPath())
		}
		return nil
	}
}
