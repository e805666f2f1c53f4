package ws_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// BenchmarkRelay sends 128-byte messages from one component through the
// listener to another, as a broker without a core would. Both ends of both
// connections are in the figures.
func BenchmarkRelay(b *testing.B) {
	for _, batch := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) { relay(b, batch, 120) })
	}
}

// BenchmarkRelaySize relays at several sizes.
func BenchmarkRelaySize(b *testing.B) {
	for _, size := range []int{16, 1 << 10, 16 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) { relay(b, 16, size) })
	}
}

func relay(b *testing.B, batch, size int) {
	// The outbox: what came in while the writer was busy goes out in one batch.
	out := make(chan *protocol.Message, 4096)
	receiver := make(chan protocol.Link, 1)
	var once sync.Once
	l := serve(b, ws.ListenOptions{}, func(link protocol.Link) {
		for {
			m, err := link.Receive()
			if err != nil {
				once.Do(func() { close(out) })
				return
			}
			if m.Type == protocol.Identity {
				receiver <- link
				continue
			}
			out <- m
		}
	})
	to := dial(b, l, ws.DialOptions{})
	if err := to.Send([]*protocol.Message{{Type: protocol.Identity, ID: protocol.NumberID(1), Topic: "to"}}); err != nil {
		b.Fatal(err)
	}
	broker := <-receiver
	from := dial(b, l, ws.DialOptions{})

	var wg sync.WaitGroup
	wg.Go(func() {
		var pending []*protocol.Message
		for m := range out {
			pending = append(pending[:0], m)
			for len(pending) < 256 && len(out) > 0 {
				pending = append(pending, <-out)
			}
			if broker.Send(pending) != nil {
				return
			}
		}
	})
	done := make(chan struct{})
	wg.Go(func() {
		for range b.N {
			if _, err := to.Receive(); err != nil {
				b.Error(err)
				break
			}
		}
		close(done)
	})

	msgs := make([]*protocol.Message, batch)
	for i := range msgs {
		msgs[i] = pub(b, "a/b/c", size)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for sent := 0; sent < b.N; sent += batch {
		if err := from.Send(msgs[:min(batch, b.N-sent)]); err != nil {
			b.Fatal(err)
		}
	}
	<-done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(b.N)*float64(size)/b.Elapsed().Seconds()/1e6, "MB/s")
	from.Close(nil)
	to.Close(nil)
	wg.Wait()
}
