package journal_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/protocol"
)

func perSecond(b *testing.B, what string) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), what)
}

func benchEntries(size int) []*protocol.Entry {
	entries := make([]*protocol.Entry, 64)
	for i := range entries {
		entries[i] = pub(fmt.Sprint("plant/line/", i%8), protocol.QoS0, string(make([]byte, size)))
	}
	return entries
}

// BenchmarkAppend is the cost of one record in the publisher and the committer
// together, written and fsynced to a real disk, in steps of 64 as the broker reads
// them.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{16, 128, 1024} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			j := open(b, b.TempDir(), journal.Options{RetentionBytes: 64 << 20, HardCap: 4 << 30, Policy: nil})
			entries := benchEntries(size)
			ctx := within(b)
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += len(entries) {
				appendAll(b, j, entries...)
				if err := j.Room(ctx); err != nil {
					b.Fatal(err)
				}
			}
			settle(b, j)
			perSecond(b, "records/s")
		})
	}
}

// BenchmarkAppendCommit waits for the disk after every 64 records.
func BenchmarkAppendCommit(b *testing.B) {
	j := open(b, b.TempDir(), journal.Options{})
	entries := benchEntries(128)
	moved := make(chan uint64, 1000)
	j.Notify(func(durable uint64, _ error) { moved <- durable })
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += len(entries) {
		appendAll(b, j, entries...)
		j.Commit()
		for end := j.End(); <-moved < end; {
		}
	}
	perSecond(b, "records/s")
}

// BenchmarkRead reads a log of a million records again and again.
func BenchmarkRead(b *testing.B) {
	j := open(b, b.TempDir(), journal.Options{})
	entries := benchEntries(128)
	for range 1 << 20 / len(entries) {
		appendAll(b, j, entries...)
	}
	settle(b, j)
	for name, match := range map[string]func(string) bool{
		"all":  nil,
		"one":  func(topic string) bool { return topic == "plant/line/3" },
		"none": func(topic string) bool { return topic == "plant/line/8" },
	} {
		for _, limit := range []int{64, math.MaxInt} {
			b.Run(fmt.Sprint(name, "/", limit), func(b *testing.B) {
				b.ReportAllocs()
				from, passed := uint64(0), 0
				for passed < b.N {
					_, next, err := j.Read(from, limit, match)
					if err != nil {
						b.Fatal(err)
					}
					passed += int(next - from)
					if from = next; from > j.Durable() {
						from = 0
					}
				}
				perSecond(b, "records/s")
			})
		}
	}
}
