// Dataframe publishes a table of readings as one message and queries it back.
// It needs the table telemetry, which "make run" serves.
//
//	go run ./examples/dataframe
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/component/frame"
)

func main() {
	url := flag.String("url", "", "the broker (default $REMBUS_BASE_URL or "+component.DefaultBase+")")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx, *url); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url string) error {
	c, err := component.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(ctx)

	// A message to the topic that is a table's name goes into that table: a
	// DataFrame column by column, by name. QoS1: it is acknowledged.
	table := c.Topic("telemetry", component.WithQoS(component.QoS1))
	if err := frame.Publish(ctx, table, readings(1440)); err != nil {
		return err
	}
	// A query sees what was published before it.
	result, err := frame.Call(ctx, c, "query_telemetry", map[string]any{
		"where": "dn = 'cortina.s7' and temperature > 21.9",
		"cols":  []string{"dn", "temperature", "pressure"},
	})
	if err != nil {
		return err
	}
	fmt.Println(result.NumRows(), "rows above 21.9 °C")
	for _, field := range result.Schema().Fields() {
		fmt.Printf("%-12s %s\n", field.Name, field.Type)
	}
	return nil
}

// readings is a table of n rows.
func readings(n int) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "dn", Type: arrow.BinaryTypes.String},
		{Name: "temperature", Type: arrow.PrimitiveTypes.Float64},
		{Name: "pressure", Type: arrow.PrimitiveTypes.Float64},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := range n {
		hour := 2 * math.Pi * float64(i) / float64(n)
		b.Field(0).(*array.StringBuilder).Append("cortina.s7")
		b.Field(1).(*array.Float64Builder).Append(18 + 4*math.Sin(hour))
		b.Field(2).(*array.Float64Builder).Append(1013 + 3*math.Cos(hour))
	}
	return b.NewRecordBatch()
}
