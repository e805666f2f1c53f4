package lake

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"1GB": 1e9, "512MB": 512e6, "1.5 GiB": 3 << 29, "64mib": 64 << 20, "10kb": 1e4, "2TB": 2e12, "1073741824B": 1 << 30, "7 bytes": 7,
		"80%": 0, "": 0, "GB": 0, "1": 0, "-1GB": 0, "1 apple": 0,
	} {
		if got := bytesOf(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestWatchEnds(t *testing.T) {
	ctx, stop := watched(t.Context(), 1<<40, t.TempDir())
	if ctx.Err() != nil {
		t.Error("ended by itself")
	}
	stop()
	if !errors.Is(context.Cause(ctx), context.Canceled) {
		t.Errorf("ended by %v", context.Cause(ctx))
	}
	if n, ok := foreignMemory(); ok != (runtime.GOOS == "linux") || ok && n <= 0 {
		t.Errorf("%d bytes, %v", n, ok)
	}
}
