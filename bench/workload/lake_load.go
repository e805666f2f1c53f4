package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/component/frame"
)

// LoadCommand is the argument that makes the bench program one that fills the lake, as other
// programs of the broker's users would, followed by what [ServeLoad] gets.
const LoadCommand = "load"

// storing starts a program that stores rows at a rate, or, if that is 0, one DataFrame
// after another; stop ends it.
func storing(rate int) load {
	return func(ctx context.Context, b peer.Broker, s Size) (stop func() error, err error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, self, LoadCommand, b.(*peer.Rembus).URL(), strconv.Itoa(rate), strconv.Itoa(s.FrameRows))
		cmd.Stderr = os.Stderr
		quit, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		begun, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		stop = func() error { return errors.Join(quit.Close(), cmd.Wait()) }
		if _, err := begun.Read(make([]byte, 1)); err != nil {
			return nil, errors.Join(fmt.Errorf("the load of the lake did not begin: %w", err), stop())
		}
		return stop, nil
	}
}

// ServeLoad fills the lake of the broker at a URL until quit ends, with so many rows a second or
// with DataFrames of so many rows. It writes to begun when it has.
func ServeLoad(url, rate, frameRows string, quit io.Reader, begun io.Writer) error {
	n, err := strconv.Atoi(rate)
	rows, err2 := strconv.Atoi(frameRows)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	ctx := context.Background()
	c, err := component.Dial(ctx, url, component.WithoutReconnect())
	if err != nil {
		return err
	}
	step := storeFrame(rows)
	if n > 0 {
		step = storeRows(n)
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, quit)
		close(ended)
	}()
	for i := 0; ; i++ {
		select {
		case <-ended:
			return c.Close(ctx)
		default:
		}
		if err := step(ctx, c, i); err != nil {
			return err
		}
		if i == 0 {
			if _, err := begun.Write([]byte{'\n'}); err != nil {
				return err
			}
		}
	}
}

type storeStep = func(ctx context.Context, c *component.Component, i int) error

// storeRows publishes rows for the lake at a steady rate.
func storeRows(rate int) storeStep {
	const interval = 5 * time.Millisecond
	burst := rate / int(time.Second/interval)
	next := time.Now()
	return func(ctx context.Context, c *component.Component, i int) error {
		for k := range burst {
			if err := publishRow(ctx, c, i*burst+k); err != nil {
				return err
			}
		}
		next = next.Add(interval)
		time.Sleep(time.Until(next))
		return nil
	}
}

// storeFrame publishes a DataFrame, which makes the lake checkpoint, and waits for its
// rows.
func storeFrame(rows int) storeStep {
	table := batch(0, rows)
	return func(ctx context.Context, c *component.Component, i int) error {
		if err := frame.Publish(ctx, c.Topic("batch"), table); err != nil {
			return err
		}
		times := float64(i + 1)
		return awaitRows(ctx, c, "batch", "n", times*float64(rows), times*sumTo(rows))
	}
}
