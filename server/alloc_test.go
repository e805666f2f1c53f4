package server_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// frameLink is a transport without a network: it decodes the same frame again and
// again, and encodes what is sent, as a socket's two ends would.
type frameLink struct {
	codec   *protocol.Codec
	frame   []byte
	want    chan int // how many messages Receive is to make
	left    int
	batch   chan int // messages of each batch sent
	scratch []byte
}

func newFrameLink() *frameLink {
	return &frameLink{codec: protocol.NewCodec(protocol.Limits{}, protocol.CBOR), want: make(chan int), batch: make(chan int, 1024)}
}

// await waits until another message is to be made.
func (l *frameLink) await() error {
	for l.left == 0 {
		n, ok := <-l.want
		if !ok {
			return protocol.ErrClosed
		}
		l.left = n
	}
	l.left--
	return nil
}

func (l *frameLink) Receive() (*protocol.Message, error) {
	if err := l.await(); err != nil {
		return nil, err
	}
	return l.codec.Decode(protocol.CBOR, append([]byte(nil), l.frame...))
}

func (l *frameLink) Send(batch []*protocol.Message) error {
	for _, m := range batch {
		frame, _, shared, err := l.codec.Encode(m, l.scratch[:0])
		if err != nil {
			return err
		}
		if !shared {
			l.scratch = frame
		}
	}
	l.batch <- len(batch)
	return nil
}

func (l *frameLink) Ping(context.Context) error { return nil }
func (l *frameLink) Close(error) error          { return nil }
func (l *frameLink) RemoteAddr() string         { return "frames" }

// feed makes Receive return n times the frame of m.
func (l *frameLink) feed(tb testing.TB, m *protocol.Message, n int) {
	frame, _, _, err := l.codec.Encode(m, nil)
	if err != nil {
		tb.Fatal(err)
	}
	l.frame = frame
	l.want <- n
}

// took waits until n messages have been sent to the link.
func (l *frameLink) took(n int) {
	for n > 0 {
		n -= <-l.batch
	}
}

// copyLink is a frameLink whose messages are the broker's alone, as a socket's are.
type copyLink struct{ *frameLink }

func (l copyLink) Copies() {}

func (l copyLink) Receive() (*protocol.Message, error) {
	if err := l.await(); err != nil {
		return nil, err
	}
	return l.codec.DecodeCopy(protocol.CBOR, l.frame)
}

// forgetful is a log that keeps nothing of messages.
type forgetful struct {
	server.Log
	end atomic.Uint64
}

func (l *forgetful) Copies()     {}
func (l *forgetful) End() uint64 { return l.end.Load() }

func (l *forgetful) Append(entries ...*protocol.Entry) error {
	for _, e := range entries {
		e.Seq = l.end.Add(1)
	}
	return nil
}

// passThrough starts a broker with one publisher and one subscriber of "t".
func passThrough(tb testing.TB, reusing bool) (pub, sub *frameLink) {
	log := memlog.New(memlog.Options{MaxBytes: 1 << 20})
	var in server.Log = log
	if reusing {
		in = &forgetful{Log: log}
	}
	s, err := server.New(server.Options{Log: in, Outbox: 1 << 30})
	if err != nil {
		tb.Fatal(err)
	}
	pub, sub = newFrameLink(), newFrameLink()
	done := make(chan error, 2)
	for _, l := range []*frameLink{pub, sub} {
		var link protocol.Link = l
		if reusing {
			link = copyLink{l}
		}
		go func() { done <- s.Serve(link) }()
	}
	data, err := protocol.EncodeValue(map[string]any{"cmd": "subscribe"})
	if err != nil {
		tb.Fatal(err)
	}
	sub.feed(tb, &protocol.Message{Type: protocol.Admin, ID: protocol.NumberID(1), Topic: "t", Data: data}, 1)
	sub.took(1)
	tb.Cleanup(func() {
		close(pub.want)
		close(sub.want)
		<-done
		<-done
		_ = s.Close(context.Background())
		_ = log.Close()
	})
	return pub, sub
}

// TestPassThroughAllocations: at most two allocations a QoS0 message in the broker,
// of which the frame's bytes are one, when somebody may keep messages; else about none,
// since the memory of those that were sent serves again.
func TestPassThroughAllocations(t *testing.T) {
	for reusing, most := range map[bool]float64{false: 2.05, true: 0.5} {
		if each := passThroughAllocations(t, reusing); each > most {
			t.Errorf("%.2f allocations a message, reusing %v", each, reusing)
		}
	}
}

func passThroughAllocations(t *testing.T, reusing bool) float64 {
	pub, sub := passThrough(t, reusing)
	data, err := protocol.EncodeArgs(make([]byte, 128))
	if err != nil {
		t.Fatal(err)
	}
	m := protocol.NewPub("t", data)
	const rounds, round = 250, 200 // so few at a time that the first have what the last need
	pass := func() {
		for range rounds {
			pub.feed(t, m, round)
			sub.took(round)
		}
	}
	pass() // queues and caches grow
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pass()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / (rounds * round)
}

func BenchmarkPassThrough(b *testing.B) {
	pub, sub := passThrough(b, true)
	data, err := protocol.EncodeArgs(make([]byte, 128))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	pub.feed(b, protocol.NewPub("t", data), b.N)
	sub.took(b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}
