package component_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// inProcess returns how to reach a broker in this process; stop ends it.
func inProcess() (dial func(context.Context) (protocol.Link, error), stop func()) {
	log := memlog.New(memlog.Options{})
	broker, err := server.New(server.Options{Log: log})
	if err != nil {
		panic(err)
	}
	dial = func(context.Context) (protocol.Link, error) {
		near, far := protocol.Pipe()
		go func() { _ = broker.Serve(far) }() // ends with the component
		return near, nil
	}
	return dial, func() {
		_ = broker.Close(context.Background())
		log.Close()
	}
}

// A broker and its components in one program, without a port.
func ExampleAttach() {
	ctx := context.Background()
	dial, stop := inProcess()
	defer stop()
	meter, err := component.Attach(ctx, dial, "meter")
	if err != nil {
		panic(err)
	}
	defer meter.Close(ctx)
	display, err := component.Attach(ctx, dial, "display")
	if err != nil {
		panic(err)
	}
	defer display.Close(ctx)

	shown := make(chan string)
	_, err = display.Subscribe(ctx, "**/telemetry", func(topic string, m map[string]float64) error {
		shown <- fmt.Sprintf("%s: %.1f °C", topic, m["temperature"])
		return nil
	})
	if err != nil {
		panic(err)
	}
	if err := meter.Publish(ctx, "belluno.s1/telemetry", map[string]any{"temperature": 18.5}); err != nil {
		panic(err)
	}
	fmt.Println(<-shown)
	// Output: belluno.s1/telemetry: 18.5 °C
}

func ExampleComponent_Expose() {
	ctx := context.Background()
	dial, stop := inProcess()
	defer stop()
	calculator, err := component.Attach(ctx, dial, "calculator")
	if err != nil {
		panic(err)
	}
	defer calculator.Close(ctx)
	err = calculator.Expose(ctx, "divide", func(x, y float64) (float64, error) {
		if y == 0 {
			return 0, errors.New("division by zero")
		}
		return x / y, nil
	})
	if err != nil {
		panic(err)
	}

	client, err := component.Attach(ctx, dial, "")
	if err != nil {
		panic(err)
	}
	defer client.Close(ctx)
	q, err := component.Call[float64](ctx, client, "divide", 1, 8)
	fmt.Println(q, err)
	_, err = client.RPC(ctx, "divide", 1, 0)
	fmt.Println(errors.Is(err, component.ErrException), err)
	_, err = client.RPC(ctx, "multiply", 2, 3)
	fmt.Println(errors.Is(err, component.ErrNotFound))
	// Output:
	// 0.125 <nil>
	// true rembus: method exception: division by zero
	// true
}

// Many messages on their way at once, each with its own outcome.
func ExampleTopic_PublishAsync() {
	ctx := context.Background()
	dial, stop := inProcess()
	defer stop()
	meter, err := component.Attach(ctx, dial, "meter")
	if err != nil {
		panic(err)
	}
	defer meter.Close(ctx)
	alarms := meter.Topic("alarms", component.WithQoS(component.QoS1))
	var sent []*component.Future
	for n := range 100 {
		f, err := alarms.PublishAsync(ctx, n)
		if err != nil {
			panic(err)
		}
		sent = append(sent, f)
	}
	stored := 0
	for _, f := range sent {
		if f.Wait(ctx) == nil {
			stored++
		}
	}
	fmt.Println(stored, "stored")
	// Output: 100 stored
}
