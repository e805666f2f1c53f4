package main

import (
	"math"
	"math/bits"
	"time"
)

// latency is a histogram of durations whose buckets grow with them, 64 to each
// doubling: a quantile is at most 1.6 % too high. Mean and maximum are exact.
type latency struct {
	counts [latencyBuckets]uint64
	n      uint64
	sum    time.Duration
	max    time.Duration
}

const (
	latencyBuckets = 36 * 64 // up to 2^41 ns, 36 minutes; what is longer is in the last one
	longestLatency = 1<<41 - 1
)

func (h *latency) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(d)]++
	h.n++
	h.sum += d
	h.max = max(h.max, d)
}

// bucket is where d is counted: by itself below 128 ns, else by its 7 highest bits.
func bucket(d time.Duration) int {
	v := uint64(min(d, longestLatency))
	shift := max(bits.Len64(v)-7, 0)
	return shift*64 + int(v>>shift)
}

// upper is the longest duration of a bucket.
func upper(i int) time.Duration {
	if i < 128 {
		return time.Duration(i)
	}
	shift := i/64 - 1
	return time.Duration((uint64(i%64)+65)<<shift - 1)
}

// merge adds what o has counted.
func (h *latency) merge(o *latency) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.sum += o.sum
	h.max = max(h.max, o.max)
}

// since returns what was added after h was like before; its maximum is that of all.
func (h *latency) since(before *latency) *latency {
	d := *h
	for i, n := range before.counts {
		d.counts[i] -= n
	}
	d.n -= before.n
	d.sum -= before.sum
	return &d
}

// quantile is the duration that a part q of all does not exceed; 0 without any.
func (h *latency) quantile(q float64) time.Duration {
	rank := max(uint64(math.Ceil(q*float64(h.n))), 1)
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return min(upper(i), h.max)
		}
	}
	return 0
}

func (h *latency) mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return h.sum / time.Duration(h.n)
}

// step is a row of the histogram as people read it.
type step struct {
	upto  time.Duration
	count uint64
}

// steps returns the histogram in steps of 1, 2, 5, 10, …, from the first that has
// any to the last one.
func (h *latency) steps() (all []step) {
	i := 0
	for upto, k := time.Microsecond, 0; i < len(h.counts); k++ {
		s := step{upto: upto}
		for ; i < len(h.counts) && upper(i) <= upto; i++ {
			s.count += h.counts[i]
		}
		if s.count > 0 || len(all) > 0 {
			all = append(all, s)
		}
		upto = upto * []time.Duration{20, 25, 20}[k%3] / 10
	}
	for len(all) > 0 && all[len(all)-1].count == 0 {
		all = all[:len(all)-1]
	}
	return all
}
