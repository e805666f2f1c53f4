// Collector prints the telemetry of all meters. It has a name, so the broker keeps
// what comes while it is away: stop it, wait a little, and start it again.
//
//	go run ./examples/collector
//	go run ./examples/collector -name archive -topic 'belluno.*/telemetry'
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

func main() {
	url := flag.String("url", os.Getenv("REMBUS_BASE_URL"), "the broker (default "+component.DefaultBase+")")
	name := flag.String("name", "collector", "name of this component")
	topic := flag.String("topic", "**/telemetry", "the space of topics to subscribe to")
	count := flag.Int("count", 0, "end after so many messages; 0 = never")
	flag.Parse()
	if *url == "" {
		*url = component.DefaultBase
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url+"/"+*name, *topic, *count); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url, topic string, count int) error {
	c, err := component.Dial(ctx, url)
	if err != nil {
		return err
	}
	enough := make(chan struct{})
	got := 0
	// Handlers run one at a time. For a space the real topic comes first, then
	// the published arguments: here a map or a whole table.
	show := func(topic string, reading component.Value) error {
		if got++; count == 0 || got <= count {
			if err := show(topic, reading); err != nil {
				return err
			}
		}
		if got == count {
			close(enough)
		}
		return nil
	}
	if _, err := c.Subscribe(ctx, topic, show, component.From(component.LastReceived)); err != nil {
		return err
	}
	log.Printf("subscribed to %s", topic)
	select {
	case <-ctx.Done():
	case <-enough:
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return c.Close(closing)
}

func show(topic string, reading component.Value) error {
	var table protocol.DataFrame
	if reading.Decode(&table) == nil {
		fmt.Println(topic, "a table; see examples/dataframe")
		return nil
	}
	var values map[string]float64
	if err := reading.Decode(&values); err != nil {
		return err
	}
	fmt.Println(topic, values)
	return nil
}
