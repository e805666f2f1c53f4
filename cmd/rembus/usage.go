package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/protocol"
)

// usageError is what the user has to put right: exit code 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// wrong returns a usageError; %w works as in fmt.Errorf.
func wrong(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// negative is how the flag parser takes a negative number.
var negative = regexp.MustCompile(`^unknown shorthand flag: '[0-9.]'`)

func wrongFlag(cmd *cobra.Command, err error) error {
	if negative.MatchString(err.Error()) {
		return wrong("%w; write -- before negative numbers: %s … -- -1", err, cmd.CommandPath())
	}
	return wrong("%w; see %s --help", err, cmd.CommandPath())
}

// unknownCommand refuses arguments of the root command: they are no command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := wrong("there is no command %q; see rembus --help", args[0])
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		err = wrong("there is no command %q, perhaps %s", args[0], strings.Join(like, " or "))
	}
	return err
}

// named checks that there are at least one argument, what the command is about, and
// at most most ones; negative means any number.
func named(what string, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return wrong("%s is missing; see %s --help", what, cmd.CommandPath())
		case most >= 0 && len(args) > most:
			return wrong("unexpected argument %q; see %s --help", args[most], cmd.CommandPath())
		}
		return nil
	}
}

// checkTopic refuses before connecting what no broker takes.
func checkTopic(topic string) error {
	if err := protocol.CheckTopic(topic, protocol.DefaultLimits()); err != nil {
		return &usageError{err}
	}
	return nil
}
