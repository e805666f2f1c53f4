package examples_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// talk plays what a block of kind wire writes down: "a> frame" is sent on
// connection a, "a< frame" must come next on it.
func talk(t *testing.T, url, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	conns := make(map[string]*websocket.Conn)
	for line := range strings.Lines(script) {
		head, frame, _ := strings.Cut(strings.TrimSpace(line), " ")
		if len(head) != 2 {
			t.Fatalf("line %q", line)
		}
		conn := conns[head[:1]]
		if conn == nil {
			var err error
			if conn, _, err = websocket.Dial(ctx, url, nil); err != nil {
				t.Fatal(err)
			}
			defer conn.CloseNow()
			conns[head[:1]] = conn
		}
		if head[1] == '>' {
			if err := conn.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		_, got, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !reflect.DeepEqual(parsed(t, string(got)), parsed(t, frame)) {
			t.Errorf("got  %s\nwant %s", got, frame)
		}
	}
}

func parsed(t *testing.T, frame string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(frame), &v); err != nil {
		t.Fatalf("%v: %s", err, frame)
	}
	return v
}
