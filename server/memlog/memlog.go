// Package memlog is the broker's log in memory: it keeps the newest messages,
// within bounds of age and size, while the process lives. What it calls durable
// survives nothing; it serves tests, and brokers that are told to do without a
// journal.
package memlog

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rembus-go/rembus/protocol"
)

// ErrFull refuses QoS1/2 messages while the log holds as much as it may and a
// reader that must not miss anything is still behind.
var ErrFull = errors.New("the log in memory is full: the lake is behind")

// ErrClosed is returned by a log that was closed.
var ErrClosed = errors.New("the log is closed")

// Options bounds the log. Zero fields take the defaults named here.
type Options struct {
	Floor    uint64        // the first entry gets a higher sequence: the lake's position
	MaxAge   time.Duration // kept so long; default 1 h
	MaxBytes int64         // and no more than this; default 256 MiB
	HardCap  int64         // bytes up to which Keep is respected; default 1 GiB
	Keep     func() uint64 // entries above it are still needed, up to HardCap; default nothing
}

// Log implements server.Log. Safe for concurrent use.
type Log struct {
	opts Options
	done chan struct{} // the notifier has ended
	stop chan struct{}
	wake chan struct{}

	mu       sync.Mutex // protects following
	entries  ring
	end      uint64
	bytes    int64
	states   map[string][]byte
	stored   []func(error) // of PutState, not yet told
	notify   []func(uint64, error)
	notified uint64
	closed   bool
}

// New returns an empty log. Close it to end its goroutine.
func New(opts Options) *Log {
	if opts.MaxAge <= 0 {
		opts.MaxAge = time.Hour
	}
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 256 << 20
	}
	if opts.HardCap <= 0 {
		opts.HardCap = 1 << 30
	}
	l := &Log{
		opts: opts, end: opts.Floor, notified: opts.Floor, states: make(map[string][]byte),
		done: make(chan struct{}), stop: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	go l.run()
	return l
}

// Append implements server.Log.
func (l *Log) Append(entries ...*protocol.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.trim()
	if l.bytes > l.opts.HardCap {
		return ErrFull
	}
	for _, e := range entries {
		l.end++
		e.Seq = l.end
		l.entries.push(*e)
		l.bytes += int64(e.Msg.Size())
	}
	return nil
}

// Full reports whether Append would fail with ErrFull.
func (l *Log) Full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim()
	return l.bytes > l.opts.HardCap
}

// trim drops the oldest entries that are past the bounds and no longer needed.
func (l *Log) trim() {
	var keep uint64
	needed := l.opts.Keep != nil
	if needed && l.bytes > l.opts.MaxBytes {
		keep = l.opts.Keep()
	}
	for l.entries.len() > 0 && l.bytes > l.opts.MaxBytes {
		if needed && l.entries.at(0).Seq > keep {
			return
		}
		l.drop()
	}
}

func (l *Log) drop() {
	l.bytes -= int64(l.entries.at(0).Msg.Size())
	l.entries.pop()
}

// expire drops what is too old.
func (l *Log) expire(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var keep uint64
	if l.opts.Keep != nil {
		keep = l.opts.Keep()
	}
	for l.entries.len() > 0 && l.entries.at(0).Time < now-int64(l.opts.MaxAge) {
		if l.opts.Keep != nil && l.entries.at(0).Seq > keep {
			return
		}
		l.drop()
	}
}

// Commit implements server.Log.
func (l *Log) Commit() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Room implements server.Log: memory has always room.
func (l *Log) Room(context.Context) error { return nil }

// First implements server.Log.
func (l *Log) First() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries.len() == 0 {
		return l.end + 1
	}
	return l.entries.at(0).Seq
}

// End implements server.Log.
func (l *Log) End() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Durable implements server.Log: what Notify has been told.
func (l *Log) Durable() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.notified
}

// readBytes bounds what one Read returns.
const readBytes = 1 << 20

// Read implements server.Log.
func (l *Log) Read(from uint64, limit int, match func(string) bool) ([]*protocol.Entry, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []*protocol.Entry
	size := 0
	i := 0
	if n := l.entries.len(); n > 0 && from > l.entries.at(0).Seq { // sequences have no gaps
		i = int(min(from-l.entries.at(0).Seq, uint64(n)))
	}
	for ; i < l.entries.len(); i++ {
		e := l.entries.at(i)
		if e.Seq > l.notified {
			break
		}
		if match != nil && !match(e.Msg.Topic) {
			continue
		}
		if len(found) == limit || size > readBytes {
			return found, e.Seq, nil
		}
		c := *e
		found = append(found, &c)
		size += e.Msg.Size()
	}
	return found, max(from, l.notified+1), nil
}

// PutState implements server.Log.
func (l *Log) PutState(name string, state []byte, done func(error)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if state == nil {
		delete(l.states, name)
	} else {
		l.states[name] = append([]byte(nil), state...)
	}
	if done != nil {
		l.stored = append(l.stored, done)
	}
	return nil
}

// States implements server.Log: a new log has none.
func (l *Log) States(func(string, []byte) error) error { return nil }

// Notify implements server.Log.
func (l *Log) Notify(fn func(uint64, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notify = append(l.notify, fn)
}

// Close tells the last notifications and ends the log.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	<-l.done
	return nil
}

// run tells of what was appended, at once when asked and at least every 100 ms.
func (l *Log) run() {
	defer close(l.done)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			l.tell()
			return
		case <-l.wake:
		case now := <-tick.C:
			l.expire(now.UnixNano())
		}
		l.tell()
	}
}

func (l *Log) tell() {
	l.mu.Lock()
	end, moved := l.end, l.end != l.notified
	l.notified = end
	stored, notify := l.stored, l.notify
	l.stored = nil
	l.mu.Unlock()
	if moved {
		for _, fn := range notify {
			fn(end, nil)
		}
	}
	for _, done := range stored {
		done(nil)
	}
}
