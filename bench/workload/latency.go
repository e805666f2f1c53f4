package workload

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/internal/nap"
)

// load is other work of a broker while something is measured; stop ends it.
type load func(ctx context.Context, b peer.Broker, s Size) (stop func() error, err error)

func noLoad(context.Context, peer.Broker, Size) (func() error, error) {
	return func() error { return nil }, nil
}

// latency is one publisher and one subscriber, QoS0, at a rate; if that is 0, first as
// fast as they can, then at half of that. The figure is the 99th percentile, in ms, of the
// time from publishing to the subscriber's handler. Other work goes on all the time.
func latency(rate float64, other load) func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
	return func(ctx context.Context, b peer.Broker, s Size) (_ Result, err error) {
		clients, closeAll, err := dial(ctx, b, 2)
		if err != nil {
			return Result{}, err
		}
		defer closeAll()
		stop, err := other(ctx, b, s)
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, stop()) }()

		g := newGate(1)
		pacer := &pacer{gate: g, begin: time.Now(), sleep: nap.For}
		if err := clients[1].Subscribe(ctx, 0, "bench", pacer.receiver(g.receiver())); err != nil {
			return Result{}, err
		}
		publish := func(data []byte) error { return clients[0].Publish("bench", data) }
		rate := rate
		if rate == 0 {
			most, err := g.rate(s.Time/2, publish, clients[0].Flush)
			if err != nil {
				return Result{}, err
			}
			rate = most / 2
		}
		if err := pacer.run(rate, s.Time, publish, clients[0].Flush); err != nil {
			return Result{}, err
		}
		return Result{Figure: quantile(pacer.times, 0.99) / 1e3, Count: g.sent}, nil
	}
}

// pacer publishes at a rate.
type pacer struct {
	gate  *gate
	begin time.Time
	sleep func(time.Duration)
	times []time.Duration // of the deliveries; the receiver's until all have arrived
}

// receiver notes how old each message is that says when it was sent.
func (p *pacer) receiver(next func([]byte)) func([]byte) {
	return func(payload []byte) {
		if len(payload) >= least {
			if sent := time.Duration(binary.BigEndian.Uint64(payload[sentAt:])); sent < 1<<60 { // no text, as before the run
				p.times = append(p.times, time.Since(p.begin)-sent)
			}
		}
		next(payload)
	}
}

// pause is how often the publisher looks what is due.
const pause = 200 * time.Microsecond

// run publishes for d. A message carries the time when it was handed to
// the client; when the client was not free at the time when the message was due,
// that time, so that waiting is not left out of the figure.
func (p *pacer) run(rate float64, d time.Duration, publish func([]byte) error, flush func() error) error {
	defer nap.Allow(1)()
	g := p.gate
	total := (int(rate*d.Seconds())/g.chunk + 1) * g.chunk
	p.times = make([]time.Duration, 0, total)
	timer := time.NewTimer(stalled)
	defer timer.Stop()
	start := time.Now()
	free := start
	for sent := 0; sent < total; {
		now := time.Now()
		due := min(int(rate*now.Sub(start).Seconds()), total)
		for ; sent < due; sent++ {
			if sent%g.chunk == 0 {
				if err := g.enter(timer, 1); err != nil {
					return err
				}
			}
			at := start.Add(time.Duration(float64(sent) / rate * float64(time.Second)))
			if at.After(free) {
				at = now
			}
			g.sent++
			setNumber(g.data, g.sent)
			binary.BigEndian.PutUint64(g.data[sentAt:], uint64(at.Sub(p.begin)))
			if err := publish(g.data); err != nil {
				return err
			}
		}
		if err := flush(); err != nil {
			return err
		}
		free = time.Now()
		p.sleep(pause)
	}
	return g.drain(timer)
}
