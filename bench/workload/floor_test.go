package workload

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"
)

func TestFloorsWork(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, c := range []Contestant{logFloor(), fsyncFloor()} {
		got, err := c.Run(t.Context(), Size{Time: time.Millisecond})
		if err != nil || got.Figure <= 0 || got.Count < 1 {
			t.Errorf("%s: %+v, %v", c.Name, got, err)
		}
	}
}

// TestPacerCountsTheWaiting has a broker that stops once for a second: the messages
// that were due meanwhile are late by up to that, although they are sent afterwards.
func TestPacerCountsTheWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		p := &pacer{gate: g, begin: time.Now(), sleep: time.Sleep}
		received := p.receiver(g.receiver())
		n := 0
		publish := func(payload []byte) error {
			if n++; n == 5000 {
				time.Sleep(time.Second)
			}
			received(payload)
			return nil
		}
		if err := p.run(4096, 4*time.Second, publish, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if len(p.times) != g.sent || g.sent < 4*4096 {
			t.Fatalf("%d times of %d messages", len(p.times), g.sent)
		}
		if half, late := quantile(p.times, 0.5), quantile(p.times, 0.8); half > 1e3 || late < 1e5 {
			t.Errorf("half took %v µs, a fifth at least %v µs", half, late)
		}
	})
}

func TestReceiverLeavesOutWhatHasNoTime(t *testing.T) {
	g := newGate(1)
	p := &pacer{gate: g, begin: time.Now()}
	received := p.receiver(g.receiver())
	data := message(payloadSize)
	setNumber(data, 1)
	received(data)
	setNumber(data, 2)
	binary.BigEndian.PutUint64(data[sentAt:], 0)
	received(data)
	if len(p.times) != 1 {
		t.Errorf("%d times of one message that says when it was sent", len(p.times))
	}
}

func TestLengthenStretchesUntilItTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []int
		rate, err := lengthen(4*time.Second, 10, func(n int) error {
			all = append(all, n)
			time.Sleep(100*time.Millisecond + time.Duration(n)*time.Millisecond)
			return nil
		})
		if err != nil || rate < 900 || rate > 1000 || all[len(all)-1] < 2800 {
			t.Errorf("rate %v, %v, after %v", rate, err, all)
		}
	})
}
