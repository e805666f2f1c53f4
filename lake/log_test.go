package lake_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// memLog is a log in memory. What is appended becomes durable at Commit.
type memLog struct {
	mu      sync.Mutex
	entries []*protocol.Entry // entry i has the sequence number base+i+1
	base    uint64
	durable uint64
	notify  []func(uint64, error)
	fail    error // of the next Reads
}

func (l *memLog) append(e *protocol.Entry) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Seq = l.base + uint64(len(l.entries)) + 1
	if e.Time == 0 {
		e.Time = time.Now().UnixNano()
	}
	l.entries = append(l.entries, e)
	return e.Seq
}

func (l *memLog) Commit() {
	l.mu.Lock()
	l.durable = l.base + uint64(len(l.entries))
	durable, notify := l.durable, l.notify
	l.mu.Unlock()
	for _, fn := range notify {
		fn(durable, nil)
	}
}

func (l *memLog) End() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.base + uint64(len(l.entries))
}

func (l *memLog) Durable() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

func (l *memLog) Read(from uint64, most int, match func(string) bool) (out []*protocol.Entry, next uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return nil, 0, l.fail
	}
	for next = max(from, l.base+1); next <= l.durable && len(out) < most; next++ {
		if e := l.entries[next-l.base-1]; match(e.Msg.Topic) {
			out = append(out, e)
		}
	}
	return out, next, nil
}

func (l *memLog) Notify(fn func(uint64, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notify = append(l.notify, fn)
}

func (l *memLog) failReads(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

// submit appends a command, as the server does for Procedures.
func (l *memLog) submit(_ context.Context, e *protocol.Entry) (uint64, error) {
	return l.append(e), nil
}

// publish appends a message with these arguments.
func (l *memLog) publish(t testing.TB, topic string, args ...any) uint64 {
	t.Helper()
	p, err := protocol.EncodeArgs(args...)
	if err != nil {
		t.Fatal(err)
	}
	return l.append(&protocol.Entry{Msg: protocol.NewPub(topic, p)})
}
