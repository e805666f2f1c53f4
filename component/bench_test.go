package component_test

import (
	"context"
	"sync"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// sink is a broker that takes messages and says nothing but OK and ACK.
func sink(b *testing.B) func(context.Context) (protocol.Link, error) {
	return func(context.Context) (protocol.Link, error) {
		near, far := protocol.Pipe()
		go func() {
			var answer [1]*protocol.Message
			for {
				m, err := far.Receive()
				if err != nil {
					return
				}
				switch {
				case m.Type == protocol.Pub && m.QoS > 0:
					answer[0] = protocol.NewAck(m.ID)
				case m.Type == protocol.RPC || m.Type == protocol.Admin:
					answer[0] = protocol.NewResponse(m.ID, protocol.StatusOK, m.Data)
				default:
					continue
				}
				_ = far.Send(answer[:])
			}
		}()
		return near, nil
	}
}

func attachBench(b *testing.B, dial func(context.Context) (protocol.Link, error)) *component.Component {
	c, err := component.Attach(b.Context(), dial, "", component.WithLogger(quiet))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// The client's own cost of publishing 128 bytes.
func BenchmarkPublish(b *testing.B) {
	data := make([]byte, 128)
	for q, name := range []string{"QoS0", "QoS1", "QoS2"} {
		b.Run(name, func(b *testing.B) {
			topic := attachBench(b, sink(b)).Topic("a/topic", component.WithQoS(component.QoS(q)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := topic.PublishAsync(b.Context(), data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("QoS0/parallel", func(b *testing.B) {
		c := attachBench(b, sink(b))
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := c.Publish(b.Context(), "a/topic", data); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// The client's own cost of a delivery, by the form of the handler.
func BenchmarkDeliver(b *testing.B) {
	data, err := protocol.EncodeArgs(map[string]any{"temperature": 18.5, "pressure": 1013.2})
	if err != nil {
		b.Fatal(err)
	}
	var left sync.WaitGroup
	for name, fn := range map[string]any{
		"message": func(*component.Message) { left.Done() },
		"map":     func(map[string]float64) { left.Done() },
		"any":     func(any) { left.Done() },
	} {
		b.Run(name, func(b *testing.B) {
			near, far := protocol.Pipe()
			go func() {
				for {
					m, err := far.Receive()
					if err != nil {
						return
					}
					_ = far.Send([]*protocol.Message{protocol.NewResponse(m.ID, protocol.StatusOK, nil)})
				}
			}()
			c := attachBench(b, func(context.Context) (protocol.Link, error) { return near, nil })
			if _, err := c.Subscribe(b.Context(), "t", fn); err != nil {
				b.Fatal(err)
			}
			batch := make([]*protocol.Message, 256)
			for i := range batch {
				batch[i] = protocol.NewPub("t", data)
			}
			b.ReportAllocs()
			for n := b.N; n > 0; n -= len(batch) {
				batch = batch[:min(n, len(batch))]
				left.Add(len(batch))
				if err := far.Send(batch); err != nil {
					b.Fatal(err)
				}
				left.Wait()
			}
		})
	}
}

func BenchmarkRPC(b *testing.B) {
	b.Run("alone", func(b *testing.B) {
		c := attachBench(b, sink(b))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.RPC(b.Context(), "echo", 1); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		c := attachBench(b, sink(b))
		b.ReportAllocs()
		b.SetParallelism(25)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := c.RPC(context.Background(), "echo", 1); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// One publisher, one subscriber, 128 bytes QoS0, over WebSocket through the broker.
func BenchmarkOverWebSocket(b *testing.B) {
	log := memlog.New(memlog.Options{})
	srv, err := server.New(server.Options{Log: log, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := ws.Listen("127.0.0.1:0", ws.ListenOptions{})
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = listener.Serve(func(l protocol.Link) { _ = srv.Serve(l) }) }()
	b.Cleanup(func() {
		_ = srv.Close(context.Background())
		_ = listener.Close(context.Background())
		log.Close()
	})
	dial := func(ctx context.Context) (protocol.Link, error) {
		return ws.Dial(ctx, "ws://"+listener.Addr().String(), ws.DialOptions{})
	}
	publisher, subscriber := attachBench(b, dial), attachBench(b, dial)
	got := make(chan struct{}, 1<<16)
	if _, err := subscriber.Subscribe(b.Context(), "a/topic", func(*component.Message) { got <- struct{}{} }); err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 128)
	inFlight := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := publisher.Publish(b.Context(), "a/topic", data); err != nil {
			b.Fatal(err)
		}
		if inFlight++; inFlight > 20_000 { // what an anonymous subscriber's outbox holds without dropping
			<-got
			inFlight--
		}
	}
	for ; inFlight > 0; inFlight-- {
		<-got
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
