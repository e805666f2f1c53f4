package workload

import (
	"fmt"

	"github.com/rembus-go/rembus/bench/peer"
)

// Rates of messages while the time of a delivery is measured, a second.
const (
	liveRate = 2000    // to live subscribers
	rowLoad  = 50_000  // of rows for the lake while the broker has half of its most to do besides
	rowRate  = 200_000 // of rows for the lake
)

// delays are the workloads about the time of a delivery.
func (p peers) delays() []Workload {
	const (
		how    = "1 publisher → 1 subscriber, QoS0, %s, 99th percentile from publishing to the handler"
		frames = ", while another program's DataFrames go into the lake one after another, each with a checkpoint"
	)
	half, live := fmt.Sprintf(how, "at half of the rate that the same two reach at most"), fmt.Sprintf(how, fmt.Sprintf("%d messages/s", liveRate))
	rows := func(n int) string {
		return fmt.Sprintf(", while %d rows/s of another program go into the lake", n)
	}
	lake := p.lake(tables).Peer()
	return []Workload{
		Workload{Name: "latency", Title: half, Unit: "ms", Less: true, Target: 2}.
			against(latency(0, noLoad), p.rembusd("").Peer(), p.nats(0), mosquitto(0)),
		Workload{Name: "latency-rows", Title: half + rows(rowLoad), Unit: "ms", Less: true, Target: 5}.
			against(latency(0, storing(rowLoad)), lake),
		Workload{Name: "latency-checkpoint", Title: half + frames, Unit: "ms", Less: true, Target: 5}.
			against(latency(0, storing(0)), lake),
		Workload{Name: "latency-live", Title: live, Unit: "ms", Less: true}.
			against(latency(liveRate, noLoad), p.rembusd("").Peer(), p.nats(0), mosquitto(0)),
		Workload{Name: "latency-live-rows", Title: live + rows(rowRate), Unit: "ms", Less: true, Target: 5}.
			against(latency(liveRate, storing(rowRate)), lake),
		Workload{Name: "latency-live-checkpoint", Title: live + frames, Unit: "ms", Less: true, Target: 5}.
			against(latency(liveRate, storing(0)), lake),
	}
}

// sizes are the workloads about what it costs to be there, and to be many.
func (p peers) sizes() []Workload {
	plain, lake := p.rembusd("").Peer(), p.lake(tables).Peer()
	few := plain
	few.Name += ", 10 subscriptions"
	return []Workload{
		{
			Name: "crowded", Unit: "µs", Less: true,
			Title:  "publishing over many topics while there are many subscriptions, half of them spaces, and 10 change every second: time of a message that reaches one subscriber by its topic and one by a space",
			Note:   "10,000 topics and 100,000 subscriptions; a tenth of both in a short run. Compared with 10 subscriptions that reach the same two.",
			Ours:   onRembus(plain, crowded),
			Rivals: []Rival{{onRembus(few, spacious), 2}},
		},
		idle(25, plain, p.nats(0), mosquittoTCP()),
		Workload{Name: "idle-memory", Title: "resident memory of a broker that does nothing, with an empty lake", Unit: "MiB", Less: true, Target: 64}.
			against(idleMemory, lake, p.nats(0), mosquitto(0)),
		{
			Name: "start", Title: "from the start of the process, with an empty lake, until a client is connected", Unit: "ms", Less: true, Target: 300,
			Ours:   startTime(lake),
			Rivals: []Rival{{startTime(peer.NATS(p.bin.NATS, "ws")), 0}, {startTime(peer.Mosquitto("ws")), 0}},
		},
	}
}
