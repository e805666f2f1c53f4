package workload

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestGateBoundsThePublisher runs against subscribers of different speed and
// checks that the publisher is never further ahead than the window, and that send returns
// when everything has arrived.
func TestGateBoundsThePublisher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		queues := [2]chan []byte{make(chan []byte, window+chunk), make(chan []byte, window+chunk)}
		var got [2]int
		var wg sync.WaitGroup
		for i, q := range queues {
			received := g.receiver()
			wg.Go(func() {
				for payload := range q {
					if got[i]%chunk == 0 {
						time.Sleep(time.Duration(1+9*i) * time.Millisecond)
					}
					got[i]++
					received(payload)
				}
			})
		}
		publish := func(payload []byte) error {
			for _, q := range queues {
				if len(q) > window {
					t.Error("the publisher is further ahead than the window")
				}
				q <- slices.Clone(payload)
			}
			return nil
		}
		for range 2 {
			if err := g.send(time.Now().Add(2*time.Second), publish, func() error { return nil }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if g.sent == 0 || g.sent != got[0] || g.sent != got[1] {
				t.Errorf("sent %d, received %v", g.sent, got)
			}
		}
		close(queues[0])
		close(queues[1])
		wg.Wait()
	})
}

func TestGateReportsLostMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		received := g.receiver()
		n := 0
		publish := func(payload []byte) error {
			if n++; n <= 1500 {
				received(payload)
			}
			return nil
		}
		err := g.send(time.Now().Add(time.Hour), publish, func() error { return nil })
		if err == nil || !strings.Contains(err.Error(), "lost") {
			t.Errorf("got %v, want an error about lost messages", err)
		}
	})
}

func TestGateReportsWrongMessages(t *testing.T) {
	for name, drop := range map[string]func(n int) int{
		"one is missing":     func(n int) int { return n + n/1000 },
		"one is repeated":    func(n int) int { return n - n/1000 },
		"not a message":      func(int) int { return -1 },
		"one is out of turn": func(n int) int { return n ^ 1 },
	} {
		g := newGate(1)
		received := g.receiver()
		err := g.send(time.Now(), func(payload []byte) error {
			setNumber(payload, drop(number(payload)))
			received(payload)
			return nil
		}, func() error { return g.enter(time.NewTimer(stalled), 1) })
		if err == nil || !strings.Contains(err.Error(), "in place of message") {
			t.Errorf("%s: got %v, want an error that names the message", name, err)
		}
	}
}

func TestTallyWantsEveryMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := newTally()
		give := func(numbers ...int) {
			for _, n := range numbers {
				payload := message(payloadSize)
				setNumber(payload, n)
				seen.receive(payload)
			}
		}
		give(1, 2, 2, 4, 5, 1, 3)
		if err := seen.await(t.Context(), 5); err != nil {
			t.Error(err)
		}
		give(7, 8)
		if err := seen.await(t.Context(), 8); err == nil || !strings.Contains(err.Error(), "6 is missing") {
			t.Errorf("got %v, want an error that names message 6", err)
		}
	})
}
