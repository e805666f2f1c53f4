package component_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

func TestPublish(t *testing.T) {
	c, p := newScript(t).attach("meter")
	must(t, c.Publish(t.Context(), "belluno.s1/telemetry", map[string]any{"temperature": 18.5}, "x"))
	m := p.next(protocol.Pub)
	if m.Topic != "belluno.s1/telemetry" || m.QoS != component.QoS0 || !m.ID.IsZero() {
		t.Errorf("got %+v", m)
	}
	want := []any{map[string]any{"temperature": 18.5}, "x"}
	if got := decoded(t, m.Data); !reflect.DeepEqual(got, want) {
		t.Errorf("arguments %v, want %v", got, want)
	}
}

func TestPublishWithoutArguments(t *testing.T) {
	c, p := newScript(t).attach("")
	must(t, c.Publish(t.Context(), "tick"))
	if got := decoded(t, p.next(protocol.Pub).Data); len(got) != 0 {
		t.Errorf("arguments %v, want none", got)
	}
}

func TestPutPrefixesTheName(t *testing.T) {
	c, p := newScript(t).attach("meter")
	must(t, c.Put(t.Context(), "telemetry", 1))
	if m := p.next(protocol.Pub); m.Topic != "meter/telemetry" {
		t.Errorf("topic %q", m.Topic)
	}
	anonymous, _ := newScript(t).attach("")
	if err := anonymous.Put(t.Context(), "telemetry", 1); !errors.Is(err, component.ErrAnonymous) {
		t.Errorf("anonymous: %v, want ErrAnonymous", err)
	}
}

// Fault 31, fault 41: no topic with control characters, wildcards or empty segments leaves.
func TestPublishRefusesBadTopics(t *testing.T) {
	c, p := newScript(t).attach("meter")
	for _, topic := range []string{"", "a\nb", "a\x00", "a/*/b", "**", "\xff", string(make([]byte, 2000))} {
		if err := c.Publish(t.Context(), topic, 1); err == nil {
			t.Errorf("%q: published", topic)
		}
		if _, err := c.Topic(topic, component.WithQoS(component.QoS1)).PublishAsync(t.Context(), 1); err == nil {
			t.Errorf("%q: published with QoS1", topic)
		}
	}
	must(t, c.Publish(t.Context(), "good"))
	if m := p.next(protocol.Pub); m.Topic != "good" {
		t.Errorf("%q was sent", m.Topic)
	}
}

func TestPublishRefusesWhatCannotBeSent(t *testing.T) {
	c, _ := newScript(t).attach("meter", component.WithLimits(protocol.Limits{MaxMessage: 4096}))
	if err := c.Publish(t.Context(), "t", make(chan int)); err == nil {
		t.Error("a channel was published")
	}
	if err := c.Publish(t.Context(), "t", make([]byte, 5000)); !errors.Is(err, component.ErrTooLarge) {
		t.Errorf("5000 bytes: %v, want ErrTooLarge", err)
	}
	if err := c.Topic("t", component.WithQoS(3)).Publish(t.Context()); err == nil {
		t.Error("QoS 3 was published")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Publish(ctx, "t"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Row "1 PUB, with id" of protocol.md: QoS1 is acknowledged.
func TestPublishQoS1WaitsForAck(t *testing.T) {
	c, p := newScript(t).attach("meter")
	f, err := c.Topic("alarm", component.WithQoS(component.QoS1)).PublishAsync(t.Context(), "battery low")
	must(t, err)
	m := p.next(protocol.Pub)
	if n, ok := m.ID.Number(); m.QoS != component.QoS1 || !ok || n == 0 || n >= 1<<53 {
		t.Fatalf("QoS %d, id %v", m.QoS, m.ID)
	}
	select {
	case <-f.Done():
		t.Fatal("done before the ACK")
	default:
	}
	p.send(protocol.NewAck(m.ID))
	must(t, f.Wait(t.Context()))
	must(t, f.Err())
}

// Section QoS of protocol.md: QoS2 -> ACK -> the client sends ACK2.
func TestPublishQoS2SendsAck2(t *testing.T) {
	c, p := newScript(t).attach("meter")
	f, err := c.Topic("alarm", component.WithQoS(component.QoS2)).PublishAsync(t.Context(), "battery low")
	must(t, err)
	m := p.next(protocol.Pub)
	if m.QoS != component.QoS2 {
		t.Errorf("QoS %d", m.QoS)
	}
	p.send(protocol.NewAck(m.ID))
	if ack2 := p.next(protocol.Ack2); ack2.ID != m.ID {
		t.Errorf("ACK2 of %v, want %v", ack2.ID, m.ID)
	}
	must(t, f.Wait(t.Context()))
}

// Section "slot" of protocol.md: in the low 32 bits of the id, for each QoS.
func TestPublishWithSlot(t *testing.T) {
	c, p := newScript(t).attach("meter")
	seen := map[protocol.ID]bool{}
	for q := component.QoS0; q <= component.QoS2; q++ {
		topic := c.Topic("t", component.WithQoS(q), component.WithSlot(0xfffffffe))
		for range 3 {
			_, err := topic.PublishAsync(t.Context(), 1)
			must(t, err)
			m := p.next(protocol.Pub)
			if !m.HasSlot || m.Slot != 0xfffffffe || m.ID.Slot() != 0xfffffffe {
				t.Errorf("QoS %d: slot %v %d, id %v", q, m.HasSlot, m.Slot, m.ID)
			}
			if q != component.QoS0 && seen[m.ID] {
				t.Errorf("QoS %d: the id %v came twice", q, m.ID)
			}
			seen[m.ID] = true
		}
	}
}

func TestPublishRefusedByBroker(t *testing.T) {
	c, p := newScript(t).attach("meter")
	f, err := c.Topic("t", component.WithQoS(component.QoS1)).PublishAsync(t.Context(), 1)
	must(t, err)
	p.send(protocol.NewError(p.next(protocol.Pub).ID, protocol.Errorf(protocol.StatusError, "disk full")))
	err = f.Wait(t.Context())
	var refusal *component.Error
	if !errors.Is(err, component.ErrFailed) || !errors.As(err, &refusal) || refusal.Text != "disk full" {
		t.Errorf("got %v", err)
	}
}

// A refused publisher gets no ACK from some brokers (section QoS of
// protocol.md): the message must not stay forever.
func TestPublishWithoutAckTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newScript(t).attach("meter", component.WithAckTimeout(30*time.Second))
		began := time.Now()
		topic := c.Topic("t", component.WithQoS(component.QoS2))
		first, err := topic.PublishAsync(t.Context(), 1)
		must(t, err)
		time.Sleep(10 * time.Second)
		second, err := topic.PublishAsync(t.Context(), 1)
		must(t, err)
		if err := first.Wait(t.Context()); !errors.Is(err, component.ErrTimeout) {
			t.Errorf("first: %v, want ErrTimeout", err)
		}
		if d := time.Since(began); d != 30*time.Second {
			t.Errorf("first failed after %v", d)
		}
		if err := second.Wait(t.Context()); !errors.Is(err, component.ErrTimeout) {
			t.Errorf("second: %v, want ErrTimeout", err)
		}
		if d := time.Since(began); d != 40*time.Second {
			t.Errorf("second failed after %v", d)
		}
		third, err := topic.PublishAsync(t.Context(), 1)
		must(t, err)
		p.next(protocol.Pub)
		p.next(protocol.Pub)
		p.send(protocol.NewAck(p.next(protocol.Pub).ID))
		must(t, third.Wait(t.Context()))
	})
}

func TestPublishHonoursContextWhileWaitingForAck(t *testing.T) {
	c, _ := newScript(t).attach("meter")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := c.Topic("t", component.WithQoS(component.QoS1)).Publish(ctx, 1)
	if !errors.Is(err, component.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want ErrTimeout and DeadlineExceeded", err)
	}
}

func TestWindowIsBounded(t *testing.T) {
	t.Run("fail", func(t *testing.T) {
		c, p := newScript(t).attach("meter", component.WithWindow(2), component.WithFailWhenFull())
		topic := c.Topic("t", component.WithQoS(component.QoS1))
		for range 2 {
			_, err := topic.PublishAsync(t.Context(), 1)
			must(t, err)
		}
		if _, err := topic.PublishAsync(t.Context(), 1); !errors.Is(err, component.ErrFull) {
			t.Errorf("third: %v, want ErrFull", err)
		}
		p.next(protocol.Pub)
	})
	t.Run("wait", func(t *testing.T) {
		c, p := newScript(t).attach("meter", component.WithWindow(2))
		topic := c.Topic("t", component.WithQoS(component.QoS1))
		for range 2 {
			_, err := topic.PublishAsync(t.Context(), 1)
			must(t, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := make(chan error)
		go func() {
			_, err := topic.PublishAsync(ctx, 1)
			cancelled <- err
		}()
		cancel()
		if err := <-cancelled; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		third := make(chan error)
		go func() {
			_, err := topic.PublishAsync(t.Context(), 3)
			third <- err
		}()
		p.send(protocol.NewAck(p.next(protocol.Pub).ID))
		must(t, <-third)
		p.next(protocol.Pub)
		if got := decoded(t, p.next(protocol.Pub).Data); got[0] != int64(3) {
			t.Errorf("got %v, want the third", got)
		}
	})
}

// A stalled broker: publishing waits, and goes on where it stopped.
func TestOutboxIsBounded(t *testing.T) {
	near, far := protocol.Pipe()
	dial := func(context.Context) (protocol.Link, error) { return near, nil }
	c, err := component.Attach(t.Context(), dial, "", component.WithOutbox(64<<10), component.WithLogger(quiet), component.WithoutReconnect())
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	sent := 0
	for ; err == nil; sent++ {
		err = c.Publish(ctx, "t", sent, make([]byte, 1<<10))
	}
	if !errors.Is(err, component.ErrTimeout) {
		t.Errorf("full: %v, want ErrTimeout", err)
	}
	if sent--; sent > 2000 {
		t.Errorf("%d KiB were taken", sent)
	}
	received := make(chan int)
	go func() {
		n := 0
		for ; n <= sent; n++ {
			m, err := far.Receive()
			if err != nil {
				break
			}
			if list, err := m.Data.Args(); err != nil || len(list) != 2 {
				t.Errorf("message %d: %v", n, err)
			}
		}
		received <- n
	}()
	must(t, c.Publish(t.Context(), "t", sent, []byte{}))
	if n := <-received; n != sent+1 {
		t.Errorf("%d messages arrived of %d", n, sent+1)
	}
	must(t, c.Close(t.Context()))
}

func TestFlushWaitsForWritingAndAcks(t *testing.T) {
	c, p := newScript(t).attach("meter")
	for i := range 100 {
		must(t, c.Publish(t.Context(), "t", i))
	}
	must(t, c.Flush(t.Context()))
	for range 100 {
		p.next(protocol.Pub)
	}
	f, err := c.Topic("t", component.WithQoS(component.QoS1)).PublishAsync(t.Context(), 1)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := c.Flush(ctx); !errors.Is(err, component.ErrTimeout) {
		t.Errorf("without ACK: %v, want ErrTimeout", err)
	}
	p.send(protocol.NewAck(p.next(protocol.Pub).ID))
	must(t, c.Flush(t.Context()))
	must(t, f.Err())
}

// Promise 2 of delivery.md on the publisher's side: one goroutine's messages
// leave in order, whatever others do.
func TestPublishFromManyGoroutines(t *testing.T) {
	const publishers, each = 8, 2000
	c, p := newScript(t).attach("meter")
	var wg sync.WaitGroup
	for g := range publishers {
		wg.Go(func() {
			topic := c.Topic(fmt.Sprintf("t/%d", g))
			for i := range each {
				if err := topic.Publish(t.Context(), i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	next := map[string]int64{}
	for range publishers * each {
		m := p.next(protocol.Pub)
		if got := decoded(t, m.Data)[0]; got != next[m.Topic] {
			t.Fatalf("%s: got %v, want %d", m.Topic, got, next[m.Topic])
		}
		next[m.Topic]++
	}
}
