package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// bench is what the command that loads a broker is told.
type bench struct {
	client      *client
	publishers  int
	subscribers int
	callers     int // not zero: RPC
	topics      int
	space       bool
	size, qos   int
	duration    time.Duration
	count       int
	rate        rate
	every       time.Duration
	quiet       time.Duration // when nothing arrived for so long, nothing more will
	json        bool
}

func benchCommand(c *client) *cobra.Command {
	b := &bench{client: c}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "load a broker and measure it",
		Long:  benchHelp,
		Example: `  rembus bench                                    as fast as one publisher and one subscriber can
  rembus bench --subscribers 10 --duration 30s    ten deliveries of each message
  rembus bench --rate 20000 --size 1024           latency under a load that is known
  rembus bench --qos 1 --subscribers 0            how fast the broker stores and acknowledges
  rembus bench --qos 2 --publishers 4 --count 100000
  rembus bench --topics 1000 --space              many topics, subscribed to as one space
  rembus bench --callers 50                       calls a second, one under way for each caller
  rembus bench --rate 1000 --json | jq .delivery_latency.p99_us`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return wrong("unexpected argument %q; see %s --help", args[0], cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := b.check(cmd); err != nil {
				return err
			}
			return b.run(cmd.Context(), cmd.OutOrStdout(), newConsole(cmd.ErrOrStderr()))
		},
	}
	f := cmd.Flags()
	f.IntVar(&b.publishers, "publishers", 1, "components that publish")
	f.IntVar(&b.subscribers, "subscribers", 1, "components that each receive every message; 0 for none")
	f.IntVar(&b.callers, "callers", 0, "call a method instead: so many components, each one call after the other")
	f.IntVar(&b.qos, "qos", 0, "0 at most once, 1 at least once, 2 exactly once")
	f.IntVar(&b.size, "size", 128, fmt.Sprintf("bytes of a message's one argument, a text; at least %d", stampSize))
	f.IntVar(&b.topics, "topics", 1, "topics, which the publishers take in turn")
	f.BoolVar(&b.space, "space", false, "subscribe to the topics as one space, instead of to each")
	f.DurationVar(&b.duration, "duration", 10*time.Second, "end after this time; with --count only if it is given")
	f.IntVar(&b.count, "count", 0, "end after so many messages or calls, of all publishers or callers together")
	f.Var(&b.rate, "rate", "so many messages or calls a second, of all together, or 5/m, 100/h (default as fast as can be)")
	f.DurationVar(&b.every, "progress", time.Second, "how often to say how it goes; 0 never")
	f.BoolVar(&b.json, "json", false, "print the result as JSON")
	complete(cmd, "qos", "0", "1", "2")
	return cmd
}

// maxSenders is what a stamp can tell apart.
const maxSenders = 1 << 16

func (b *bench) check(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	switch {
	case b.qos < 0 || b.qos > 2:
		return wrong("--qos must be 0, 1 or 2")
	case b.publishers < 1 || b.publishers > maxSenders:
		return wrong("--publishers must be from 1 to %d", maxSenders)
	case b.subscribers < 0 || b.subscribers > maxSenders:
		return wrong("--subscribers must be from 0 to %d", maxSenders)
	case b.callers < 0 || b.callers > maxSenders || changed("callers") && b.callers == 0:
		return wrong("--callers must be from 1 to %d", maxSenders)
	case b.topics < 1 || b.topics > 1_000_000:
		return wrong("--topics must be from 1 to 1000000")
	case b.size < stampSize || b.size > maxAnswer:
		return wrong("--size must be from %d to %d", stampSize, maxAnswer)
	case b.count < 0 || changed("count") && b.count == 0:
		return wrong("--count must be positive")
	case b.duration <= 0:
		return wrong("--duration must be positive")
	case b.every < 0:
		return wrong("--progress must not be negative")
	}
	b.quiet = b.client.timeout
	if b.callers > 0 {
		for _, flag := range []string{"publishers", "subscribers", "qos", "topics", "space"} {
			if changed(flag) {
				return wrong("with --callers nothing is published: leave --%s out", flag)
			}
		}
	}
	if b.count > 0 && !changed("duration") {
		b.duration = 0 // no end but that
	}
	return nil
}

// load is what is done to the broker.
type load interface {
	connect(ctx context.Context) error     // makes all components, and proves the way through the broker
	drive(life, ctx context.Context) error // until ctx ends, which it does not later than life, or all is done
	settle(ctx context.Context) error      // waits for what is on its way, not longer than until ctx ends
	count() *counts                        // at any time
	lost() uint64                          // messages, after settle
}

func (b *bench) run(ctx context.Context, out io.Writer, console *console) error {
	crew, err := newCrew(b.client, console)
	if err != nil {
		return err
	}
	trouble := &trouble{console: console}
	var l load
	if b.callers > 0 {
		l = newRPC(b, crew, trouble)
	} else {
		l = newPubsub(b, crew, trouble)
	}
	if err := l.connect(ctx); err != nil {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		return errors.Join(err, l.settle(over), crew.close())
	}
	begin := crew.clock()
	driving, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	trouble.limit(cancel)
	timed, stop := driving, context.CancelFunc(func() {})
	if b.duration > 0 {
		timed, stop = context.WithTimeout(driving, b.duration)
	}
	defer stop()
	quiet := b.watch(l, crew, console)
	err = l.drive(driving, timed)
	if errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		err = nil
	}
	err = errors.Join(err, l.settle(context.WithoutCancel(ctx))) // also after Ctrl-C; a second one ends the process
	quiet()
	r := newReport(b, l, crew, begin)
	r.Interrupted = ctx.Err() != nil
	err = errors.Join(err, crew.close(), r.print(out, b.json))
	return errors.Join(err, r.verdict())
}

// share is how many of the counted messages sender i of n sends; zero is no end.
func (b *bench) share(i, n int) (quota uint64, none bool) {
	if b.count == 0 {
		return 0, false
	}
	quota = uint64(b.count / n)
	if i < b.count%n {
		quota++
	}
	return quota, quota == 0
}
