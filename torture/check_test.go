package torture

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/component/frame"
	"github.com/rembus-go/rembus/protocol"
)

const maxFaults = 10 // told of one kind

func (y *tally) fault(format string, args ...any) {
	if len(y.wrong) < maxFaults {
		y.wrong = append(y.wrong, fmt.Sprintf(format, args...))
	}
}

// outcome counts what a check found.
type outcome struct{ lost, repeated, extra int }

// check compares what somebody got of a publisher with what that was promised.
func (y *tally) check(l ledger) (o outcome) {
	for n := uint64(1); n <= l.end(); n++ {
		p, got := l.of(n), y.counts[n]
		switch {
		case p.acked && p.qos != protocol.QoS0 && got == 0:
			o.lost++
			y.fault("QoS%d message %d was acked and is lost", p.qos, n)
		case got > 1 && p.qos == protocol.QoS1:
			o.extra += got - 1 // as it may be
		case got > 1:
			o.repeated++
			y.fault("QoS%d message %d is there %d times", p.qos, n, got)
		}
	}
	if n := uint64(len(y.counts)); n > l.end() {
		y.fault("%d messages of %d", n, l.end())
	}
	return o
}

// stored asks the lake, once it is level with the log, for what it has of a
// publisher, in its order.
func stored(ctx context.Context, t *testing.T, b *broker, publisher string, end uint64) *tally {
	t.Helper()
	c, err := component.Dial(ctx, "ws://"+b.addr+"/auditor")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	ask := func(from, to uint64) (rows []reading) {
		where := fmt.Sprintf("site = '%s' AND n >= %d AND n < %d", publisher, from, to)
		batch, err := frame.Call(ctx, c, "query_reading", map[string]any{"where": where, "cols": []string{"n", "qos"}})
		if err != nil {
			t.Fatalf("the lake: %v", err)
		}
		ns, qos := batch.Column(0).(*array.Uint64), batch.Column(1).(*array.Uint8)
		for i := range int(batch.NumRows()) {
			rows = append(rows, reading{N: ns.Value(i), QoS: protocol.QoS(qos.Value(i))})
		}
		return rows
	}
	for begun := time.Now(); len(ask(end, end+1)) == 0; { // a query waits a second itself
		if time.Since(begun) > patience {
			t.Fatalf("the lake does not reach the end of the log:\n%s", b.tail(20))
		}
	}
	y := &tally{}
	const step = 100_000
	for n := uint64(0); n <= end; n += step {
		for _, r := range ask(n, n+step) {
			y.add(r)
		}
	}
	return y
}

// examine checks everything after everybody has finished.
func (l *load) examine(ctx context.Context, t *testing.T, b *broker, withLake bool) {
	t.Helper()
	report := func(who string, p *publisher, y *tally) {
		o := y.check(p.ledger)
		t.Logf("%s <- %s: %d messages, lost %d, repeated %d; QoS1 again %d", who, p.name, len(y.counts), o.lost, o.repeated, o.extra)
		for _, w := range y.wrong {
			t.Errorf("%s <- %s: %s", who, p.name, w)
		}
	}
	for _, p := range l.publishers {
		refused := 0
		for _, e := range p.ledger {
			if e.refused {
				refused++
			}
		}
		t.Logf("%s published %d messages, acked: QoS1 %d, QoS2 %d; refused %d, sent again %d, connections %d", p.name, len(p.ledger),
			p.ledger.acked(protocol.QoS1), p.ledger.acked(protocol.QoS2), refused, p.resent, p.connects)
		for _, s := range l.subscribers {
			report(s.name, p, s.tallies[p.name])
		}
		if withLake {
			report("lake", p, stored(ctx, t, b, p.name, p.ledger.end()))
		}
	}
	for _, s := range l.subscribers {
		t.Logf("%s: connections %d, QoS2 deliveries recognized as repeats %d", s.name, s.connects, s.repeats)
	}
}
