package workload

import (
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
		queues := [2]chan struct{}{make(chan struct{}, window+chunk), make(chan struct{}, window+chunk)}
		var got [2]int
		var wg sync.WaitGroup
		for i, q := range queues {
			received := g.receiver()
			wg.Go(func() {
				for range q {
					if got[i]%chunk == 0 {
						time.Sleep(time.Duration(1+9*i) * time.Millisecond)
					}
					got[i]++
					received()
				}
			})
		}
		publish := func() error {
			for _, q := range queues {
				if len(q) > window {
					t.Error("the publisher is further ahead than the window")
				}
				q <- struct{}{}
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
		publish := func() error {
			if n++; n%3 != 0 {
				received()
			}
			return nil
		}
		err := g.send(time.Now().Add(time.Hour), publish, func() error { return nil })
		if err == nil || !strings.Contains(err.Error(), "lost") {
			t.Errorf("got %v, want an error about lost messages", err)
		}
	})
}
