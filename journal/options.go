package journal

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/rembus-go/rembus/internal/vfs"
)

// Options of a [Journal]. The zero value of a field means its default.
type Options struct {
	SegmentBytes   int64         // a file is followed by the next at this size: 64 MiB
	RetentionAge   time.Duration // entries are kept at least so long: 1 h
	RetentionBytes int64         // above this the oldest files go, even younger than RetentionAge: 3/4 of HardCap
	HardCap        int64         // all files together; at it nothing more is stored: 8 GiB
	MaxUnwritten   int64         // Room waits above so many bytes that are not yet durable: 64 MiB
	SyncInterval   time.Duration // the longest time until what was appended is written and fsynced: 100 ms

	// Floor is a number that was used, the lake's position: the next sequence
	// number is above it, whatever is on disk.
	Floor uint64

	// Policy says which messages of a topic are stored; nil stores all. It is asked
	// once for each topic, under the journal's lock: it must not call the journal.
	// See [NewPolicy].
	Policy func(topic string) Policy

	// Keep returns the highest sequence number that retention may take: the
	// lake's position. nil: any. Called from the journal's goroutine.
	Keep func() uint64

	Logger *slog.Logger // nil: nothing is logged
	FS     FS           // nil: the operating system's
}

// maxRetention keeps sums of ages from overflowing.
const maxRetention = 100 * 365 * 24 * time.Hour

// DefaultOptions returns the options of a journal that was not told otherwise.
func DefaultOptions() Options {
	return Options{
		SegmentBytes:   64 << 20,
		RetentionAge:   time.Hour,
		RetentionBytes: 6 << 30,
		HardCap:        8 << 30,
		MaxUnwritten:   64 << 20,
		SyncInterval:   100 * time.Millisecond,
		Logger:         slog.New(slog.DiscardHandler),
		FS:             vfs.OS{},
	}
}

// orDefault returns o with every zero field replaced by its default.
func (o Options) orDefault() Options {
	d := DefaultOptions()
	set := func(v *int64, def int64) {
		if *v == 0 {
			*v = def
		}
	}
	set(&o.SegmentBytes, d.SegmentBytes)
	set(&o.HardCap, d.HardCap)
	set(&o.RetentionBytes, o.HardCap/4*3)
	set(&o.MaxUnwritten, d.MaxUnwritten)
	set((*int64)(&o.RetentionAge), int64(d.RetentionAge))
	set((*int64)(&o.SyncInterval), int64(d.SyncInterval))
	if o.Logger == nil {
		o.Logger = d.Logger
	}
	if o.FS == nil {
		o.FS = d.FS
	}
	return o
}

// validate says what is wrong with options that are complete.
func (o Options) validate() error {
	switch {
	case o.SegmentBytes < 4<<10 || o.SegmentBytes > 1<<30:
		return fmt.Errorf("journal: segment size %d is not between 4 KiB and 1 GiB", o.SegmentBytes)
	case o.HardCap < 2*o.SegmentBytes:
		return fmt.Errorf("journal: hard cap %d is below two segments of %d", o.HardCap, o.SegmentBytes)
	case o.RetentionBytes < o.SegmentBytes || o.RetentionBytes > o.HardCap:
		return fmt.Errorf("journal: retention of %d bytes is not between one segment (%d) and the hard cap (%d)", o.RetentionBytes, o.SegmentBytes, o.HardCap)
	case o.RetentionAge < 0 || o.RetentionAge > maxRetention:
		return fmt.Errorf("journal: retention of %v is not between 0 and %v", o.RetentionAge, maxRetention)
	case o.MaxUnwritten < 0:
		return fmt.Errorf("journal: negative bound %d of unwritten bytes", o.MaxUnwritten)
	case o.SyncInterval < 0 || o.SyncInterval > time.Minute:
		return fmt.Errorf("journal: sync interval %v is not between 0 and 1 m", o.SyncInterval)
	}
	return nil
}
