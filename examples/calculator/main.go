// Calculator exposes two functions, and with arguments calls them: start it once
// without, and then in another terminal with.
//
//	go run ./examples/calculator
//	go run ./examples/calculator add 1 2
//	go run ./examples/calculator divide 1 0
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/rembus-go/rembus/component"
)

func main() {
	url := flag.String("url", "", "the broker (default $REMBUS_BASE_URL or "+component.DefaultBase+")")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c, err := component.Dial(ctx, *url)
	if err != nil {
		log.Fatal(err)
	}
	if flag.NArg() == 0 {
		err = serve(ctx, c)
	} else {
		err = call(ctx, c, flag.Args())
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := errors.Join(err, c.Close(closing)); err != nil {
		log.Fatal(err)
	}
}

// serve exposes the functions until Ctrl-C.
func serve(ctx context.Context, c *component.Component) error {
	if err := c.Expose(ctx, "add", add); err != nil {
		return err
	}
	if err := c.Expose(ctx, "divide", divide); err != nil {
		return err
	}
	log.Print("serving add and divide")
	<-ctx.Done()
	return nil
}

func add(x, y float64) float64 { return x + y }

// divide may fail: the caller gets the error's text.
func divide(x, y float64) (float64, error) {
	if y == 0 {
		return 0, errors.New("division by zero")
	}
	return x / y, nil
}

// call calls the function args[0] with two numbers.
func call(ctx context.Context, c *component.Component, args []string) error {
	if len(args) != 3 {
		return errors.New("usage: calculator [add|divide X Y]")
	}
	x, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	y, err := strconv.ParseFloat(args[2], 64)
	if err != nil {
		return err
	}
	result, err := component.Call[float64](ctx, c, args[0], x, y)
	switch {
	case errors.Is(err, component.ErrNotFound), errors.Is(err, component.ErrUnavailable):
		return fmt.Errorf("nobody serves %s: start the calculator without arguments first (%w)", args[0], err)
	case err != nil:
		return err
	}
	fmt.Println(result)
	return nil
}
