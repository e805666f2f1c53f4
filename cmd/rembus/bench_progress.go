package main

import (
	"fmt"
	"time"
)

// counts is what happened so far, the first message of each sender left out.
type counts struct {
	sent       uint64 // messages of QoS 0 sent, of QoS 1 and 2 acknowledged; calls answered
	received   uint64
	failed     uint64
	duplicates uint64
	foreign    uint64
	sentAt     time.Duration // the last one, on the run's clock
	receivedAt time.Duration
	latency    latency // of deliveries, of calls
	ack        latency
}

// watch says how it goes until quiet: in one line of a terminal, else in lines.
func (b *bench) watch(l load, k *crew, console *console) (quiet func()) {
	if b.every == 0 {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(b.every)
		defer ticker.Stop()
		begin, before, at := k.clock(), l.count(), k.clock()
		for {
			select {
			case <-quit:
				if console.terminal {
					console.show("")
				}
				return
			case <-ticker.C:
			}
			now, c := k.clock(), l.count()
			line := b.progress(c, before, now-at)
			if console.terminal {
				console.show(fmt.Sprintf("%v  %s", (now - begin).Round(time.Second), line))
			} else {
				console.say("%v  %s", (now - begin).Round(time.Second), line)
			}
			before, at = c, now
		}
	}()
	return func() { close(quit); <-ended }
}

// progress is what happened since before, in words.
func (b *bench) progress(c, before *counts, took time.Duration) string {
	perSecond := func(now, then uint64) string { return grouped(uint64(float64(now-then) / took.Seconds())) }
	recent, text := c.latency.since(&before.latency), ""
	switch {
	case b.callers > 0:
		text = perSecond(c.sent, before.sent) + " calls/s"
	case b.subscribers == 0:
		text = perSecond(c.sent, before.sent) + " messages/s"
		recent = c.ack.since(&before.ack)
	default:
		text = fmt.Sprintf("%s messages/s, %s deliveries/s", perSecond(c.sent, before.sent), perSecond(c.received, before.received))
	}
	if recent.n > 0 {
		text += ", p99 " + short(recent.quantile(0.99))
	}
	if c.failed > 0 {
		text += fmt.Sprintf(", %s failed", grouped(c.failed))
	}
	return text
}
