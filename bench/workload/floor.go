package workload

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"slices"
	"sync"
	"time"
)

// fsyncFloor is what one message costs that is on the disk before the next one
// comes: a write and an fsync; the figure is the median time in µs.
func fsyncFloor() Contestant {
	return Contestant{Name: "write + fsync", Version: noVersion, Run: func(ctx context.Context, s Size) (result Result, err error) {
		f, err := os.CreateTemp("", "rembus-bench-")
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
		record := message(payloadSize)
		times, err := repeat(ctx, s.Time, func() error {
			if _, err := f.Write(record); err != nil {
				return err
			}
			return f.Sync()
		})
		return Result{Figure: median(times), Count: len(times)}, err
	}}
}

func noVersion() string { return "" }

// repeat does something, after some times to warm up, for d, and returns how long each took.
func repeat(ctx context.Context, d time.Duration, do func() error) ([]time.Duration, error) {
	for range 5 {
		if err := do(); err != nil {
			return nil, err
		}
	}
	var times []time.Duration
	for begin, now := time.Now(), time.Now(); now.Sub(begin) < d || len(times) == 0; {
		if err := errors.Join(do(), ctx.Err()); err != nil {
			return nil, err
		}
		after := time.Now()
		times = append(times, after.Sub(now))
		now = after
	}
	return times, nil
}

// median returns the middle of times in µs.
func median(times []time.Duration) float64 { return quantile(times, 0.5) }

// quantile sorts times and returns a quantile in µs, 0 for none.
func quantile(times []time.Duration, q float64) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return float64(times[int(q*float64(len(times)-1))].Nanoseconds()) / 1e3
}

// logFloor is the least that a broker does whose answer means fsynced: a log
// with a checksum for each record and one fsync for all that wait; the figure
// is records a second of one writer with as many records on their way as
// a publisher has.
func logFloor() Contestant {
	return Contestant{Name: "plain log, group commit", Version: noVersion, Run: func(_ context.Context, s Size) (result Result, err error) {
		f, err := os.CreateTemp("", "rembus-bench-")
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
		l := newPlainLog(f)
		record, sent := message(payloadSize), 0
		rate, err := lengthen(s.Time, outstanding, func(n int) error {
			for range n {
				sent++
				setNumber(record, sent)
				if err := l.append(record); err != nil {
					return err
				}
			}
			return l.wait(0)
		})
		err = errors.Join(err, l.close())
		if err == nil {
			err = readPlainLog(f, sent)
		}
		return Result{Figure: rate, Count: sent}, err
	}}
}

// plainLog is a log of records that one goroutine appends to and another writes.
//
//	+-----------+----------+----------+
//	| length    | CRC-32C  | record   |
//	| 4 B LE    | 4 B LE   | length B |
//	+-----------+----------+----------+
type plainLog struct {
	f    *os.File
	done chan struct{}

	mu      sync.Mutex
	moved   sync.Cond
	buf     []byte
	waiting int // records that are not on the disk
	closed  bool
	err     error
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newPlainLog(f *os.File) *plainLog {
	l := &plainLog{f: f, done: make(chan struct{})}
	l.moved.L = &l.mu
	go l.commit()
	return l
}

func (l *plainLog) append(record []byte) error {
	if err := l.wait(outstanding - 1); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = binary.LittleEndian.AppendUint32(l.buf, uint32(len(record)))
	l.buf = binary.LittleEndian.AppendUint32(l.buf, crc32.Checksum(record, castagnoli))
	l.buf = append(l.buf, record...)
	l.waiting++
	if l.waiting == 1 {
		l.moved.Broadcast()
	}
	return nil
}

// wait waits until at most n records are not on the disk.
func (l *plainLog) wait(n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.waiting > n && l.err == nil {
		l.moved.Wait()
	}
	return l.err
}

func (l *plainLog) commit() {
	defer close(l.done)
	var batch []byte
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		for len(l.buf) == 0 && !l.closed {
			l.moved.Wait()
		}
		if len(l.buf) == 0 || l.err != nil {
			return
		}
		n := l.waiting
		batch, l.buf = l.buf, batch[:0]
		l.mu.Unlock()
		_, err := l.f.Write(batch)
		if err == nil {
			err = l.f.Sync()
		}
		l.mu.Lock()
		l.waiting -= n
		l.err = err
		l.moved.Broadcast()
	}
}

func (l *plainLog) close() error {
	l.mu.Lock()
	l.closed = true
	l.moved.Broadcast()
	l.mu.Unlock()
	<-l.done
	return l.err
}

// readPlainLog checks that n records are there.
func readPlainLog(f *os.File, n int) error {
	if _, err := f.Seek(0, 0); err != nil {
		return err
	}
	r := bufio.NewReader(f)
	var head [8]byte
	record := make([]byte, payloadSize)
	for i := range n {
		if err := errors.Join(full(r, head[:]), full(r, record)); err != nil {
			return err
		}
		if number(record) != i+1 || crc32.Checksum(record, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return errors.New("the plain log holds something else than was written")
		}
	}
	return nil
}
