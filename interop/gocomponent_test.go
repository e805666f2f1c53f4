package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/rembus-go/rembus/component"
)

// newGo connects a Go component to the shared broker.
func newGo(t *testing.T, name string, opts ...component.Option) *component.Component {
	t.Helper()
	return newGoAt(t, shared.url, name, opts...)
}

func newGoAt(t *testing.T, base, name string, opts ...component.Option) *component.Component {
	t.Helper()
	opts = append(opts, component.WithLogger(slog.New(slog.DiscardHandler)))
	c, err := component.Dial(t.Context(), base+"/"+name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), bound)
		defer cancel()
		if err := c.Close(ctx); err != nil && !errors.Is(err, component.ErrClosed) {
			t.Errorf("closing the Go component: %v", err)
		}
	})
	return c
}

// inbox is what a Go component received.
type inbox struct {
	t      *testing.T
	events queue
}

// collect subscribes a Go component to topics; what comes is in the inbox.
func collect(t *testing.T, c *component.Component, topics ...string) *inbox {
	t.Helper()
	in := &inbox{t: t}
	in.events.filled = make(chan struct{}, 1)
	for _, topic := range topics {
		_, err := c.Subscribe(t.Context(), topic, func(m *component.Message) error {
			args, err := m.Args()
			if err != nil {
				return err
			}
			event := report{Topic: m.Topic(), N: int(m.QoS())}
			for _, arg := range args {
				var v any
				if err := arg.Decode(&v); err != nil {
					return err
				}
				event.Args = append(event.Args, v)
			}
			if slot, ok := m.Slot(); ok {
				event.On = fmt.Sprint("slot ", slot)
			}
			in.events.put(event)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// next waits for the next message.
func (in *inbox) next() report {
	in.t.Helper()
	event, ok := in.events.next()
	if !ok {
		in.t.Fatalf("no message in %v", bound)
	}
	return event
}

// wants waits for the next message and fails unless it is this one, to the real topic.
func (in *inbox) wants(topic string, args ...any) {
	in.t.Helper()
	event := in.next()
	if event.Topic != topic || !same(plain(event.Args), list(args)) {
		in.t.Fatalf("got %s%v, want %s%v", event.Topic, event.Args, topic, args)
	}
}

// plain is v after a way through JSON.
func plain(v []any) any {
	data, err := json.Marshal(list(v))
	if err != nil {
		return err
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return err
	}
	return out
}
