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
		Unit:  "messages/s",
		Ours:  ours, Rivals: rivals,
		Run: func(ctx context.Context, b peer.Broker, s Size) (float64, error) {
			c, err := b.Dial(ctx)
			if err != nil {
				return 0, err
			}
			defer c.Close()
			data, n := payload(), outstanding
			if err := c.Pipeline(ctx, "bench", data, n, outstanding); err != nil {
				return 0, err
			}
			// The end of a pipeline waits for its last answers; lengthen it until that
			// is lost in the rest.
			for {
				begin := time.Now()
				if err := c.Pipeline(ctx, "bench", data, n, outstanding); err != nil {
					return 0, err
				}
				took := time.Since(begin)
				if took >= s.Time*3/4 {
					return float64(n) / took.Seconds(), nil
				}
				n = int(min(float64(n)*8, max(float64(n)*1.2, float64(n)*s.Time.Seconds()/took.Seconds())))
			}
		},
	}
}
