package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/component"
)

// pub is what the publishing command is told.
type pub struct {
	client *client
	topic  string
	qos    int
	slot   uint32
	slots  bool // slot was given
	count  int
	rate   rate
	stdin  bool
}

func pubCommand(c *client) *cobra.Command {
	p := &pub{client: c}
	cmd := &cobra.Command{
		Use:   "pub TOPIC [JSON…]",
		Short: "publish a message",
		Long: `pub publishes one message to a topic, with one argument for each JSON value. With
--stdin it publishes one message for each line of its input, whose one argument
is the line: a list there is one argument, not several. Empty lines are left
out; a line that is not JSON is reported, the others are published all the same,
and the exit code is 1.

QoS 1 (at least once) and 2 (exactly once) are sent without waiting for one
another, and pub ends when the broker has acknowledged all of them. QoS 0 is
only known to be sent. A lost connection is made again.`,
		Example: `  rembus pub belluno.s1/telemetry '{"temperature": 18.5, "pressure": 1013.2}'
  rembus pub alarm '"battery low"' '"CRITICAL"' --qos 2
  rembus pub counter 42 --count 100 --rate 10/s
  rembus pub level -- -3
  tail -f readings.jsonl | rembus pub plant/telemetry --stdin --qos 1`,
		Args: named("TOPIC", -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.topic, p.slots = args[0], cmd.Flags().Changed("slot")
			if err := p.check(cmd, args[1:]); err != nil {
				return err
			}
			next, err := p.source(cmd, args[1:])
			if err != nil {
				return err
			}
			return p.run(cmd.Context(), next, newConsole(cmd.ErrOrStderr()))
		},
	}
	f := cmd.Flags()
	f.IntVar(&p.qos, "qos", 0, "0 at most once, 1 at least once, 2 exactly once")
	f.Uint32Var(&p.slot, "slot", 0, "number that is stored and delivered with the message, such as a time bucket")
	f.IntVar(&p.count, "count", 1, "publish so often; with --stdin at most so many lines")
	f.Var(&p.rate, "rate", "at most so many messages a second, or 5/m, 100/h (default no limit)")
	f.BoolVar(&p.stdin, "stdin", false, "publish each line of standard input")
	complete(cmd, "qos", "0", "1", "2")
	return cmd
}

func (p *pub) check(cmd *cobra.Command, args []string) error {
	switch {
	case p.qos < 0 || p.qos > 2:
		return wrong("--qos must be 0, 1 or 2")
	case p.count < 1:
		return wrong("--count must be positive")
	case p.stdin && len(args) > 0:
		return wrong("with --stdin the messages are the lines of the input, not arguments")
	case p.stdin && !cmd.Flags().Changed("count"):
		p.count = 0 // all
	}
	return checkTopic(p.topic)
}

// source says where the messages come from.
func (p *pub) source(cmd *cobra.Command, texts []string) (source, error) {
	if p.stdin {
		return newLineSource(cmd.InOrStdin(), p.count), nil
	}
	args, err := arguments(texts)
	if err != nil {
		return nil, err
	}
	return &repeated{args: args, left: p.count}, nil
}

// run publishes everything and waits until it has left.
func (p *pub) run(ctx context.Context, from source, console *console) error {
	comp, err := p.client.dial(ctx, console)
	if err != nil {
		return err
	}
	opts := []component.TopicOption{component.WithQoS(component.QoS(p.qos))}
	if p.slots {
		opts = append(opts, component.WithSlot(p.slot))
	}
	tally := newTally(console)
	stop := tally.watch()
	err = p.publish(ctx, comp.Topic(p.topic, opts...), from, tally)
	if err == nil {
		p.client.flush(ctx, comp)
	}
	doubt := p.qos == 0 && (comp.Stats().Reconnects > 0 || !comp.Connected())
	err = p.client.close(comp, err) // what is still open fails now
	failed := tally.end()
	stop()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	case failed == nil && doubt:
		return errors.New("the connection was lost meanwhile, and messages of QoS 0 perhaps with it")
	}
	return failed
}

func (p *pub) publish(ctx context.Context, topic *component.Topic, from source, tally *tally) error {
	pace := pacer{interval: p.rate.interval()}
	for {
		args, more, err := from.next(ctx)
		if !more {
			return err
		}
		if err != nil {
			tally.refused(err)
			continue
		}
		if err := pace.wait(ctx); err != nil {
			return err
		}
		outcome, err := topic.PublishAsync(ctx, args...)
		if err != nil {
			return fmt.Errorf("%s: %w", p.topic, err)
		}
		tally.sent(outcome)
	}
}
