package examples_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// tab is a page in a headless Chromium, driven over the DevTools protocol.
type tab struct {
	t    *testing.T
	conn *websocket.Conn
	last int
}

// newTab starts a Chromium, or skips the test where there is none.
func newTab(t *testing.T) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("left out: chromium is not on the PATH (apt-get install chromium)")
	}
	browser := start(t, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--no-proxy-server", "--user-data-dir="+t.TempDir(), "--remote-debugging-port=0", "about:blank")
	line := browser.wait(t, "DevTools listening on ")
	control, err := url.Parse(line[strings.Index(line, "ws://"):])
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+control.Host+"/json/new?about:blank", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var target struct{ WebSocketDebuggerURL string }
	if err := json.NewDecoder(response.Body).Decode(&target); err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.Dial(t.Context(), target.WebSocketDebuggerURL, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(16 << 20)
	b := &tab{t: t, conn: conn}
	b.call("Page.enable", nil)
	return b
}

// devMessage is an answer or an event of the browser.
type devMessage struct {
	ID     int
	Method string
	Error  *struct{ Message string }
	Result struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
}

func (b *tab) read() (m devMessage) {
	b.t.Helper()
	_, data, err := b.conn.Read(b.t.Context())
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

// call carries out a command of the DevTools protocol.
func (b *tab) call(method string, params any) any {
	b.t.Helper()
	b.last++
	command, err := json.Marshal(map[string]any{"id": b.last, "method": method, "params": params})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.conn.Write(b.t.Context(), websocket.MessageText, command); err != nil {
		b.t.Fatal(err)
	}
	for {
		m := b.read()
		switch {
		case m.ID != b.last:
		case m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		case m.Result.ExceptionDetails != nil:
			b.t.Fatalf("%s: %s", method, m.Result.ExceptionDetails)
		default:
			return m.Result.Result.Value
		}
	}
}

// open loads a page.
func (b *tab) open(address string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": address})
	for b.read().Method != "Page.loadEventFired" {
	}
}

// wait returns the value of a JavaScript expression as soon as it is true in the
// changing page.
func (b *tab) wait(expression string) any {
	b.t.Helper()
	script := fmt.Sprintf(`new Promise((resolve, reject) => {
		const look = () => { const v = (%s); if (v) resolve(v); };
		new MutationObserver(look).observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
		setTimeout(() => reject(document.body.innerText), %d);
		look();
	})`, expression, bound.Milliseconds())
	return b.call("Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true})
}
