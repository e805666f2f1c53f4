package main

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/internal/arrowipc"
	"github.com/rembus-go/rembus/protocol"
)

// format is a flag: how a DataFrame is printed.
type format string

const (
	tableFormat format = "table"
	jsonFormat  format = "json"
	csvFormat   format = "csv"
	arrowFormat format = "arrow"
)

var formats = []string{string(tableFormat), string(jsonFormat), string(csvFormat), string(arrowFormat)}

func (f *format) String() string { return string(*f) }

func (f *format) Type() string { return "format" }

func (f *format) Set(s string) error {
	if !slices.Contains(formats, s) {
		return errors.New("it must be " + strings.Join(formats, ", "))
	}
	*f = format(s)
	return nil
}

// check refuses before the call what cannot be printed to w.
func (f *format) check(w io.Writer) error {
	if *f == arrowFormat && isTerminal(w) {
		return wrong("--format arrow is not for terminals; send it to a file or a program: … > rows.arrow")
	}
	return nil
}

// print prints the result of a call. Nothing but a DataFrame has rows: any other
// value is JSON when that or a table was asked for.
func (f *format) print(w io.Writer, v component.Value) error {
	stream, ok := v.DataFrame()
	switch {
	case *f == jsonFormat || !ok && *f == tableFormat:
		return printJSON(w, v.Payload())
	case !ok:
		return errors.New("the result is no DataFrame, which --format " + string(*f) + " needs; --json-encoding gets none")
	case *f == arrowFormat:
		_, err := w.Write(stream)
		return err
	}
	frame, err := arrowipc.Decode(stream, arrowipc.Limits{})
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	switch {
	case *f == csvFormat:
		writeCSV(out, frame, isTerminal(w))
	case isPlan(frame):
		writePlan(out, frame)
	default:
		writeTable(out, frame)
	}
	return out.Flush()
}

func printJSON(w io.Writer, data *protocol.Payload) error {
	text, err := valueJSON(data)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// complete offers values to the completion of shells.
func complete(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is not defined
	}
}
