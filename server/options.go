package server

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// Policy chooses among the components that expose the same method.
type Policy string

// The policies of choosing an exposer among those that are connected.
const (
	FirstUp    Policy = "first_up"    // the one that exposed first
	RoundRobin Policy = "round_robin" // each in turn
	LessBusy   Policy = "less_busy"   // the one with the fewest calls in hand
)

// Options configures a broker. Zero fields take the defaults named here; Log
// must be given.
type Options struct {
	Name    string // answered by rid; default "broker"
	Version string // answered by version
	Log     Log
	Guard   Guard           // default: everything is allowed
	Limits  protocol.Limits // default protocol.DefaultLimits
	Logger  *slog.Logger    // default slog.Default

	Policy              Policy        // default FirstUp
	OverwriteConnection bool          // a newer connection of a name always replaces the older one
	ProbeTimeout        time.Duration // sign of life of a name in use; default 500 ms
	RequestTimeout      time.Duration // a call waits so long for its answer; default 10 s
	AckTimeout          time.Duration // default 2 s; with SendRetries how long a subscriber may leave everything unacked
	SendRetries         int           // default 10
	Outbox              int           // bytes queued for one connection; default 16 MiB
	OutboxTotal         int64         // bytes queued for all together; default 1 GiB
	Window              int           // QoS1/2 deliveries without ACK for one component; default 1024
	MaxSubscriptions    int           // subscriptions, and exposures, of one component; default 10,000
	MaxCalls            int           // calls in hand, of one caller; default 4,096
	TwinExpiry          time.Duration // a component not seen for so long is forgotten; default 30 days
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.OrDefault()
	setDefault(&o.Name, "broker")
	setDefault(&o.Version, "devel")
	setDefault(&o.Policy, FirstUp)
	setDefault(&o.ProbeTimeout, 500*time.Millisecond)
	setDefault(&o.RequestTimeout, 10*time.Second)
	setDefault(&o.AckTimeout, 2*time.Second)
	setDefault(&o.SendRetries, 10)
	setDefault(&o.Outbox, 16<<20)
	setDefault(&o.OutboxTotal, 1<<30)
	setDefault(&o.Window, 1024)
	setDefault(&o.MaxSubscriptions, 10_000)
	setDefault(&o.MaxCalls, 4096)
	setDefault(&o.TwinExpiry, 30*24*time.Hour)
	if o.Guard == nil {
		o.Guard = allowAll{}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

func (o Options) validate() error {
	if o.Log == nil {
		return errors.New("server: a log is needed; package memlog has one in memory")
	}
	switch o.Policy {
	case FirstUp, RoundRobin, LessBusy:
	default:
		return fmt.Errorf("server: unknown policy %q: use %s, %s or %s", o.Policy, FirstUp, RoundRobin, LessBusy)
	}
	if o.Window < 1 || o.Outbox < 1 || o.RequestTimeout < 0 {
		return errors.New("server: window, outbox and timeouts must be positive")
	}
	if err := protocol.CheckName(o.Name, o.Limits); err != nil {
		return fmt.Errorf("server: the broker's name: %w", err)
	}
	return nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
