package workload

import (
	"context"
	"fmt"
	"time"

	"github.com/rembus-go/rembus/bench/peer"
)

// outstanding is how many messages a QoS1 publisher has without an answer.
const outstanding = 4096

// qos1 is one publisher, no subscriber, every message answered by the broker,
// many on their way; the figure is answered messages a second.
func qos1(ours peer.Peer, rivals ...Rival) Workload {
	return Workload{
		Name:  "qos1-pipelined",
		Title: fmt.Sprintf("1 publisher, QoS1, up to %d without an answer, no subscriber, %d bytes", outstanding, payloadSize),
		Note:  "rembusd acks after the fsync of its journal, as JetStream does with sync=always; with sync=2m JetStream acks up to two minutes before.",
		Unit:  "messages/s",
		Ours:  ours, Rivals: rivals,
		Run: func(ctx context.Context, b peer.Broker, s Size) (Result, error) {
			c, err := b.Dial(ctx)
			if err != nil {
				return Result{}, err
			}
			defer c.Close()
			data, n, all := payload(), outstanding, 0
			if err := c.Pipeline(ctx, "bench", data, n, outstanding); err != nil {
				return Result{}, err
			}
			// The end of a pipeline waits for its last answers; lengthen it until that
			// is lost in the rest.
			for {
				begin := time.Now()
				if err := c.Pipeline(ctx, "bench", data, n, outstanding); err != nil {
					return Result{}, err
				}
				took := time.Since(begin)
				all += n
				if took >= s.Time*3/4 {
					return Result{float64(n) / took.Seconds(), all}, nil
				}
				n = int(min(float64(n)*8, max(float64(n)*1.2, float64(n)*s.Time.Seconds()/took.Seconds())))
			}
		},
	}
}
