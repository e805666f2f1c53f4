package memlog_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/server/memlog"
)

// TestFull: what Append would say, also when only the reader has moved since.
func TestFull(t *testing.T) {
	var position atomic.Uint64
	l := memlog.New(memlog.Options{MaxBytes: 1 << 10, HardCap: 4 << 10, Keep: position.Load})
	defer func() { _ = l.Close() }()
	data, err := protocol.EncodeArgs(strings.Repeat("x", 1<<10))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; n < 10 && !l.Full(); n++ {
		if err := l.Append(&protocol.Entry{Msg: protocol.NewPub("t", data)}); err != nil {
			t.Fatalf("entry %d: %v", n+1, err)
		}
	}
	if err := l.Append(&protocol.Entry{Msg: protocol.NewPub("t", data)}); n != 4 || !errors.Is(err, memlog.ErrFull) {
		t.Fatalf("after %d entries: %v", n, err)
	}
	position.Store(l.End())
	if l.Full() {
		t.Fatal("full, though all was read")
	}
}
