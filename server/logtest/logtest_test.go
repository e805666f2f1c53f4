package logtest_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/rembus-go/rembus/journal"
	"github.com/rembus-go/rembus/server"
	"github.com/rembus-go/rembus/server/logtest"
	"github.com/rembus-go/rembus/server/memlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	logtest.Run(t, func(t *testing.T) server.Log {
		log := memlog.New(memlog.Options{})
		t.Cleanup(func() { _ = log.Close() })
		return log
	})
}

// TestMemoryAfterARestart: the numbers go on above the lake's position.
func TestMemoryAfterARestart(t *testing.T) {
	logtest.Run(t, func(t *testing.T) server.Log {
		log := memlog.New(memlog.Options{Floor: 1000})
		t.Cleanup(func() { _ = log.Close() })
		return log
	})
}

func TestJournal(t *testing.T) {
	logtest.Run(t, func(t *testing.T) server.Log {
		log, err := journal.Open(t.TempDir(), journal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := log.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		return log
	})
}
