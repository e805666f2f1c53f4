package peer

import (
	"errors"
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == RelayCommand {
		if err := ServeRelay(os.Args[2]); err != nil {
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// TestRelayPassesEveryFrame starts the relay as a process, as the bench does.
func TestRelayPassesEveryFrame(t *testing.T) {
	b, err := Relay().Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	}()
	pub, err := b.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	sub, err := b.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()

	const n = 10_000
	received := make(chan struct{}, n)
	if err := sub.Subscribe(t.Context(), 0, "any", func([]byte) { received <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	for range n {
		if err := pub.Publish("any", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		select {
		case <-received:
		case <-time.After(20 * time.Second):
			t.Fatalf("%d of %d frames arrived", i, n)
		}
	}
	if err := pub.Call(t.Context(), "any", nil); !errors.Is(err, ErrUnable) {
		t.Errorf("a relay answers no calls, but Call returned %v", err)
	}
}

func TestBrokerThatDoesNotStartTellsWhatItSaid(t *testing.T) {
	_, err := NATS("/bin/false", "ws").Start(t.Context())
	if err == nil {
		t.Fatal("a broker that ended at once counts as started")
	}
}
