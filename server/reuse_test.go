package server_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/memlog"
)

// copyingLog keeps copies of what it is given, as a log on disk does.
type copyingLog struct{ *memlog.Log }

func (l copyingLog) Copies() {}

func (l copyingLog) Append(entries ...*protocol.Entry) error {
	copies := make([]*protocol.Entry, len(entries))
	for i, e := range entries {
		c := *e
		c.Msg = &protocol.Message{Type: e.Msg.Type, QoS: e.Msg.QoS, ID: e.Msg.ID, Topic: e.Msg.Topic,
			Data: protocol.NewPayload(e.Msg.Data.Encoding(), bytes.Clone(e.Msg.Data.Raw()))}
		copies[i] = &c
	}
	err := l.Log.Append(copies...)
	for i, c := range copies {
		entries[i].Seq = c.Seq
	}
	return err
}

// wire is one end of a connection that carries bytes, a few messages at a time, as a
// socket does.
type wire struct {
	codec  *protocol.Codec
	in     <-chan [][]byte
	out    chan<- [][]byte
	rest   [][]byte
	closed chan struct{} // of both ends
	once   *sync.Once
}

func newWire() (broker, component *wire) {
	up, down := make(chan [][]byte), make(chan [][]byte)
	closed, once := make(chan struct{}), &sync.Once{}
	return &wire{protocol.NewCodec(protocol.Limits{}, protocol.CBOR), up, down, nil, closed, once},
		&wire{protocol.NewComponentCodec(protocol.Limits{}, protocol.CBOR), down, up, nil, closed, once}
}

func (w *wire) Receive() (*protocol.Message, error) {
	for len(w.rest) == 0 {
		select {
		case w.rest = <-w.in:
		case <-w.closed:
			return nil, protocol.ErrClosed
		}
	}
	frame := w.rest[0]
	w.rest = w.rest[1:]
	return w.codec.DecodeCopy(protocol.CBOR, frame)
}

func (w *wire) Send(batch []*protocol.Message) error {
	frames := make([][]byte, len(batch))
	for i, m := range batch {
		frame, _, _, err := w.codec.Encode(m, nil)
		if err != nil {
			return err
		}
		frames[i] = bytes.Clone(frame)
	}
	select {
	case w.out <- frames:
		return nil
	case <-w.closed:
		return protocol.ErrClosed
	}
}

func (w *wire) Buffered() bool             { return len(w.rest) > 0 }
func (w *wire) Copies()                    {}
func (w *wire) Ping(context.Context) error { return nil }
func (w *wire) RemoteAddr() string         { return "wire" }

func (w *wire) Close(error) error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

// ask sends a request and waits for its answer.
func (w *wire) ask(t *testing.T, m *protocol.Message) {
	t.Helper()
	if err := w.Send([]*protocol.Message{m}); err != nil {
		t.Fatal(err)
	}
	if answer, err := w.Receive(); err != nil || answer.Status != protocol.StatusOK {
		t.Fatalf("%v, %v", answer, err)
	}
}

// TestReusedMessages: the memory of QoS0 messages serves again while others wait in
// the queues of slow and quick subscribers; nobody sees a byte of another message.
func TestReusedMessages(t *testing.T) {
	const publishers, messages, batch = 4, 3000, 40
	log := memlog.New(memlog.Options{MaxBytes: 4 << 20})
	s, err := server.New(server.Options{Log: copyingLog{log}, Outbox: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	var serving, ends sync.WaitGroup
	connect := func() *wire {
		broker, component := newWire()
		serving.Go(func() { _ = s.Serve(broker) })
		return component
	}
	for _, sub := range []struct {
		pattern string
		spaced  int // arguments before the payload
		named   bool
	}{{"t/0", 0, false}, {"t/1", 0, true}, {"t/*", 1, false}, {"**", 1, true}, {"t/0", 0, false}} {
		w := connect()
		if sub.named {
			w.ask(t, &protocol.Message{Type: protocol.Identity, ID: protocol.NumberID(1), Topic: fmt.Sprint("named-", sub.spaced)})
		}
		for _, command := range []map[string]any{{"cmd": "subscribe"}, {"cmd": "reactive", "status": true}} {
			data, err := protocol.EncodeValue(command)
			if err != nil {
				t.Fatal(err)
			}
			w.ask(t, &protocol.Message{Type: protocol.Admin, ID: protocol.NumberID(2), Topic: sub.pattern, Data: data})
		}
		ends.Go(func() { examine(t, w, sub.spaced, publishers*messages/100) })
	}
	var publishing sync.WaitGroup
	for p := range publishers {
		w := connect()
		publishing.Go(func() {
			for n := 0; n < messages; n += batch {
				msgs := make([]*protocol.Message, batch)
				for i := range msgs {
					msgs[i] = labelled(t, p, n+i)
				}
				if err := w.Send(msgs); err != nil {
					t.Error(err)
				}
			}
		})
	}
	publishing.Wait()
	ends.Wait()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	serving.Wait()
	_ = log.Close()
}

// labelled returns message n of a publisher, of a length and with bytes of its own.
func labelled(t *testing.T, publisher, n int) *protocol.Message {
	data, err := protocol.EncodeArgs(publisher, n, bytes.Repeat([]byte{byte(n*7 + publisher)}, n*31%400))
	if err != nil {
		t.Error(err)
	}
	return protocol.NewPub(fmt.Sprint("t/", n%2), data)
}

// examine receives some messages and closes: all are whole, and in each
// publisher's order.
func examine(t *testing.T, w *wire, spaced, want int) {
	defer func() { _ = w.Close(nil) }()
	last := make(map[int]int)
	for range want {
		m, err := w.Receive()
		if err != nil {
			t.Error(err)
			return
		}
		args, err := m.Data.Args()
		if err != nil || len(args) != 3+spaced {
			t.Errorf("%d arguments, %v", len(args), err)
			return
		}
		var p, n int
		var fill []byte
		for i, dst := range []any{&p, &n, &fill} {
			if err := args[spaced+i].Decode(dst); err != nil {
				t.Error(err)
			}
		}
		if !bytes.Equal(fill, bytes.Repeat([]byte{byte(n*7 + p)}, n*31%400)) || n < last[p] {
			t.Errorf("message %d of %d after %d: %d bytes %.8x", n, p, last[p], len(fill), fill)
			return
		}
		last[p] = n
	}
}
