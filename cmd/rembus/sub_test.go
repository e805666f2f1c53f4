package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// TestSubDataFrames: a DataFrame is a list of rows, a damaged one base64. A message
// that cannot be shown does not end the subscription.
func TestSubDataFrames(t *testing.T) {
	b, err := startBroker(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer b.stop()
	publish := func() {
		ctx := t.Context()
		c, err := component.Dial(ctx, b.url)
		if err != nil {
			t.Fatal(err)
		}
		topic := c.Topic("t", component.WithQoS(component.QoS1))
		for _, args := range [][]any{{hostileFrame()}, {protocol.DataFrame("damaged\x1b")}, make([]any, 1<<16+1), {3}} {
			if err := topic.Publish(ctx, args...); err != nil {
				t.Error(err)
			}
		}
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	for _, args := range [][]string{{"sub", "t"}, {"sub", "*", "--json"}} {
		var stdout bytes.Buffer
		var stderr watched
		done := make(chan int)
		go func() {
			args := append(args, "--url", b.url, "--count", "4")
			done <- run(context.Background(), args, strings.NewReader(""), &stdout, &stderr)
		}()
		stderr.wait("subscribed to")
		publish()
		if code := <-done; code != exitOK {
			t.Errorf("%v: exit code %d: %s", args, code, stderr.String())
		}
		lines := strings.SplitAfter(stdout.String(), "\n")
		if len(lines) != 5 {
			t.Fatalf("%v: printed %q", args, lines)
		}
		for i, want := range []string{`{"name":"温度 é","\u001b[2Jn":-9223372036854775808,`, `"ZGFtYWdlZBs="`, "more than 65536 arguments", "3"} {
			if !strings.Contains(lines[i], want) {
				t.Errorf("%v: line %d is %q, want %q in it", args, i+1, lines[i], want)
			}
		}
		if !strings.Contains(lines[2], "t (cannot be shown: ") && !strings.Contains(lines[2], `"args":null,"error":"`) {
			t.Errorf("%v: line 3 is %q", args, lines[2])
		}
		noControls(t, stdout.String())
	}
}
