// Publisher is a simulated meter: it publishes a temperature and a pressure
// every second. With the root schema.json the broker stores them in the table telemetry,
// and the meter itself in the table sensor.
//
//	go run ./examples/publisher
//	go run ./examples/publisher -meter belluno.s2 -every 100ms -count 50
package main

import (
	"context"
	"flag"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"github.com/rembus-go/rembus/component"
)

func main() {
	url := flag.String("url", "", "the broker (default $REMBUS_BASE_URL or "+component.DefaultBase+")")
	meter := flag.String("meter", "belluno.s1", "name of the meter, the first segment of its topic")
	every := flag.Duration("every", time.Second, "time between two readings")
	count := flag.Int("count", 0, "end after so many readings; 0 = never")
	flag.Parse()
	if *every <= 0 {
		log.Fatal("-every must be positive")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url, *meter, *every, *count); err != nil && ctx.Err() == nil { // Ctrl-C is how it ends
		log.Fatal(err)
	}
}

func run(ctx context.Context, url, meter string, every time.Duration, count int) error {
	c, err := component.Dial(ctx, url) // anonymous: a publisher has nothing to be kept for it
	if err != nil {
		return err
	}
	// Close sends what is queued; it must work after Ctrl-C too.
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := c.Close(closing); err != nil {
			log.Print(err)
		}
	}()

	// ":site/:type/:dn/sensor": all columns come from the topic. With QoS1
	// Publish returns when the broker has acknowledged the message.
	sensor := c.Topic("belluno/meter/"+meter+"/sensor", component.WithQoS(component.QoS1))
	if err := sensor.Publish(ctx); err != nil {
		return err
	}
	log.Printf("publishing to %s/telemetry", meter)
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for n := 1; ; n++ {
		reading := map[string]float64{
			"temperature": round(18 + 4*math.Sin(float64(n)/20) + rand.Float64()),
			"pressure":    round(1013 + 3*math.Cos(float64(n)/30) + rand.Float64()),
		}
		if err := c.Publish(ctx, meter+"/telemetry", reading); err != nil {
			return err
		}
		if n == count {
			return nil
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func round(x float64) float64 { return math.Round(x*10) / 10 }
