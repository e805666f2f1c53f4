package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// sub is what the subscribing command is told.
type sub struct {
	client *client
	topic  string
	from   string
	json   bool
	count  int
	out    io.Writer
}

func subCommand(c *client) *cobra.Command {
	s := &sub{client: c}
	cmd := &cobra.Command{
		Use:   "sub TOPIC",
		Short: "print the messages of a topic or of a space of topics",
		Long: `sub prints a line for each message: the topic to which it was published and its
arguments as JSON; with --json an object {"topic":…,"args":[…],"slot":…}, whose
slot is there if the publisher gave one. A DataFrame is a list of its rows.

In a space * stands for one segment or, inside a segment, for characters; ** for
any number of segments; * alone for every topic. Quote them for the shell.

A component with a name stays subscribed while it is away, and --from gets it
what it missed, as far as the broker keeps it. Each message comes once to a name.
sub goes on until Ctrl-C, also when the connection has to be made again.`,
		Example: `  rembus sub '**/telemetry'
  rembus sub alarm --name desk --from all       and what came since desk was here last
  rembus sub 'site/*/alarm' --json | jq .args
  rembus sub alarm --count 1                    wait for one message`,
		Args: named("TOPIC", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.topic, s.out = args[0], cmd.OutOrStdout()
			return s.run(cmd.Context(), newConsole(cmd.ErrOrStderr()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.from, "from", "now", "now; all, what was not received yet; or that of the last 10m, 2h30m")
	f.BoolVar(&s.json, "json", false, "print one JSON object a line")
	f.IntVar(&s.count, "count", 0, "end after so many messages")
	complete(cmd, "from", "now", "all", "10m", "1h")
	return cmd
}

// since reads --from.
func (s *sub) since() (time.Duration, error) {
	switch s.from {
	case "now":
		return 0, nil
	case "all":
		return component.LastReceived, nil
	}
	d, err := time.ParseDuration(s.from)
	if err != nil || d <= 0 {
		return 0, wrong("--from must be now, all or a time such as 10m, not %q", s.from)
	}
	return d, nil
}

func (s *sub) run(ctx context.Context, console *console) error {
	from, err := s.since()
	if err != nil {
		return err
	}
	if s.count < 0 {
		return wrong("--count must not be negative")
	}
	if from > 0 && s.client.name == "" {
		if u, err := s.client.address(); err != nil || u.Path == "" || u.Path == "/" {
			return errors.Join(err, wrong("--from %s needs --name: only a component with a name is known to have missed something", s.from))
		}
	}
	if _, err := protocol.ParseSpace(s.topic, protocol.DefaultLimits()); err != nil {
		return &usageError{err}
	}
	comp, err := s.client.dial(ctx, console)
	if err != nil {
		return err
	}
	p := newPrinter(s)
	if _, err := comp.Subscribe(ctx, s.topic, p.handle, component.From(from)); err != nil {
		return s.client.close(comp, err)
	}
	console.say("subscribed to %s", s.topic)
	select {
	case <-ctx.Done():
	case <-p.full:
	}
	return p.end(comp, s.client.timeout)
}

// printer prints deliveries. One goroutine of the component calls handle.
type printer struct {
	*sub
	printed int
	full    chan struct{} // closed when no more is wanted
	extra   chan struct{} // closed when more came then
	err     error         // why printing ended; read after full
}

func newPrinter(s *sub) *printer {
	return &printer{sub: s, full: make(chan struct{}), extra: make(chan struct{})}
}

// handle never returns from a message that it did not print: returning would
// acknowledge it, and nobody would ever see it.
func (p *printer) handle(m *component.Message) {
	if p.count > 0 && p.printed == p.count {
		close(p.extra)
		select {}
	}
	line, err := p.line(m)
	if err == nil {
		_, err = p.out.Write(line)
	}
	if err != nil {
		p.err = fmt.Errorf("printing a message: %w", err)
		close(p.full)
		close(p.extra)
		select {}
	}
	if p.printed++; p.printed == p.count {
		close(p.full)
	}
}

// end closes comp: what was printed is acknowledged, what comes on top is not.
func (p *printer) end(comp *component.Component, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	flushed := make(chan error, 1)
	go func() {
		select {
		case <-p.extra:
			flushed <- comp.Flush(ctx)
			cancel() // the handler in hand does not return
		case <-ctx.Done():
			flushed <- ctx.Err()
		}
	}()
	err := comp.Close(ctx)
	select {
	case <-p.extra:
		err = <-flushed
	default:
	}
	select {
	case <-p.full:
		return errors.Join(p.err, err)
	default:
		return err
	}
}
