package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/internal/crashfs"
	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ctx ends long after every test should have.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func open(t testing.TB, dir string, opts journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		j.Close(ctx)       // gives up what cannot be written
		j.Close(within(t)) // waits for the goroutines
	})
	return j
}

func closed(t testing.TB, j *journal.Journal) {
	t.Helper()
	if err := j.Close(within(t)); err != nil {
		t.Fatal(err)
	}
}

func pub(topic string, qos protocol.QoS, data string) *protocol.Entry {
	m := &protocol.Message{Type: protocol.Pub, Topic: topic, QoS: qos, Data: protocol.NewPayload(protocol.JSON, []byte(data))}
	if qos != protocol.QoS0 {
		m.ID = protocol.NumberID(uint64(len(data)) + 1)
	}
	return &protocol.Entry{From: "alice", Msg: m}
}

func appendAll(t testing.TB, j *journal.Journal, entries ...*protocol.Entry) {
	t.Helper()
	if err := j.Append(entries...); err != nil {
		t.Fatal(err)
	}
}

// settle waits until all that was appended is durable.
func settle(t testing.TB, j *journal.Journal) {
	t.Helper()
	done := make(chan error, 1)
	if err := j.PutState("sync", nil, func(err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	j.Commit()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-within(t).Done():
		t.Fatal("nothing became durable")
	}
}

// all reads everything that is durable, a few at a time.
func all(t testing.TB, j *journal.Journal, match func(string) bool) (entries []*protocol.Entry) {
	t.Helper()
	for from := uint64(0); from <= j.Durable(); {
		some, next, err := j.Read(from, 7, match)
		if err != nil {
			t.Fatal(err)
		}
		if next <= from {
			t.Fatalf("Read from %d goes on from %d", from, next)
		}
		entries, from = append(entries, some...), next
	}
	return entries
}

func text(e *protocol.Entry) string {
	return fmt.Sprintf("%d %d %d %q %v %q %v %d %v %s %s", e.Seq, e.Time, e.Kind, e.From, e.Msg.QoS, e.Msg.Topic,
		e.Msg.HasSlot, e.Msg.Slot, e.Msg.ID, e.Msg.Data.Encoding(), e.Msg.Data.Raw())
}

func states(t testing.TB, j *journal.Journal) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := j.States(func(name string, state []byte) error {
		m[name] = string(state)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhatIsAppendedIsReadAgain(t *testing.T) {
	fs := crashfs.New()
	j := open(t, "j", journal.Options{FS: fs, SegmentBytes: 4 << 10})
	var want []string
	for i := range 200 {
		e := pub(fmt.Sprint("t", i%3), protocol.QoS(i%3), fmt.Sprint(`["`, i, `"]`))
		appendAll(t, j, e)
		want = append(want, text(e))
		if i%10 == 0 {
			settle(t, j)
		}
	}
	if err := j.PutState("bob", []byte("here"), nil); err != nil {
		t.Fatal(err)
	}
	settle(t, j)
	check := func(j *journal.Journal) {
		t.Helper()
		got := all(t, j, nil)
		if len(got) != len(want) {
			t.Fatalf("read %d entries, want %d", len(got), len(want))
		}
		for i, e := range got {
			if text(e) != want[i] {
				t.Fatalf("entry %d is %s, want %s", i, text(e), want[i])
			}
		}
		if j.First() != 1 || j.End() != 200 || j.Durable() != 200 {
			t.Fatalf("first %d end %d durable %d", j.First(), j.End(), j.Durable())
		}
	}
	check(j)
	closed(t, j)
	j = open(t, "j", journal.Options{FS: fs, SegmentBytes: 4 << 10})
	check(j)
	if got := states(t, j); len(got) != 1 || got["bob"] != "here" {
		t.Fatalf("states %v", got)
	}
	if d := j.Damage(); len(d) != 0 {
		t.Fatal(d)
	}
}
