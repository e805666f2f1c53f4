package workload

import (
	"context"
	"errors"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/component/frame"
)

// background runs step again and again on a component of its own until stop.
func background(ctx context.Context, b peer.Broker, step func(ctx context.Context, c *component.Component, i int) error) (stop func() error, err error) {
	c, err := b.(*peer.Rembus).Component(ctx, "")
	if err != nil {
		return nil, err
	}
	quit, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-quit:
				ended <- nil
				return
			default:
			}
			if err := step(ctx, c, i); err != nil {
				ended <- err
				return
			}
		}
	}()
	return func() error {
		close(quit)
		return errors.Join(<-ended, c.Close(ctx))
	}, nil
}

// rowLoad is how many rows a second are stored while latency is measured.
const rowLoad = 50_000

// storingRows publishes rows for the lake at a steady rate.
func storingRows(ctx context.Context, b peer.Broker, _ Size) (func() error, error) {
	const burst = rowLoad / 200
	next := time.Now()
	return background(ctx, b, func(ctx context.Context, c *component.Component, i int) error {
		for k := range burst {
			if err := publishRow(ctx, c, i*burst+k); err != nil {
				return err
			}
		}
		next = next.Add(5 * time.Millisecond)
		time.Sleep(time.Until(next))
		return nil
	})
}

// storingFrames publishes one DataFrame after another, each of which makes the lake
// checkpoint, and waits for the rows of each.
func storingFrames(ctx context.Context, b peer.Broker, s Size) (func() error, error) {
	table := batch(0, s.FrameRows)
	return background(ctx, b, func(ctx context.Context, c *component.Component, i int) error {
		if err := frame.Publish(ctx, c.Topic("batch"), table); err != nil {
			return err
		}
		times := float64(i + 1)
		return awaitRows(ctx, c, "batch", "n", times*float64(s.FrameRows), times*sumTo(s.FrameRows))
	})
}
