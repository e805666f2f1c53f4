package main

import (
	"context"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/component"
)

func exposeCommand(c *client) *cobra.Command {
	var parallel int
	cmd := &cobra.Command{
		Use:   "expose NAME -- COMMAND [ARG…]",
		Short: "serve calls of a method by a command",
		Long: `expose serves the method NAME until Ctrl-C. Each call runs the command with the
arguments of the call, one JSON list, as its standard input. What it prints is
the result: JSON if it is that, else text, without the line end; nothing is null.
When it exits with another code than 0 the caller gets an exception, with
the end of what it wrote to standard error. No argument of a call gets into the
command line.

A command that runs longer than --timeout is killed, with what it started.`,
		Example: `  rembus expose add -- jq add
  rembus expose hostname -- hostname
  rembus expose predict --name model --parallel 2 --timeout 60s -- python3 predict.py`,
		Args: named("NAME", -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.ArgsLenAtDash() != 1 || len(args) < 2 {
				return wrong("write it as: rembus expose NAME -- COMMAND [ARG…]")
			}
			if err := checkTopic(args[0]); err != nil {
				return err
			}
			if parallel < 1 {
				return wrong("--parallel must be positive")
			}
			path, err := exec.LookPath(args[1])
			if err != nil {
				return wrong("the command cannot be run: %v", err)
			}
			p := &program{path: path, args: args[2:], limit: c.timeout}
			return expose(cmd.Context(), c, args[0], p, parallel, newConsole(cmd.ErrOrStderr()))
		},
	}
	cmd.Flags().IntVar(&parallel, "parallel", runtime.NumCPU(), "commands that run at the same time; further calls wait")
	return cmd
}

// expose serves calls until ctx ends, and lets those that run come to their end.
func expose(ctx context.Context, c *client, name string, p *program, parallel int, console *console) error {
	comp, err := c.dial(ctx, console, component.WithHandlers(parallel))
	if err != nil {
		return err
	}
	if err := comp.Expose(ctx, name, p.serve); err != nil {
		return c.close(comp, err)
	}
	console.say("exposing %s", name)
	<-ctx.Done()
	return c.close(comp, nil)
}
