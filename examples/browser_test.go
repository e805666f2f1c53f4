package examples_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// servePage serves the page as "python3 -m http.server" does, and returns host
// and port.
func servePage(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.FileServer(http.Dir("browser")))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func page(host, broker string) string {
	return "http://" + host + "/?broker=" + url.QueryEscape(broker)
}

// cells is the text of the table, without ages.
const cells = `[...document.querySelectorAll("#values tr")].map(r => [0, 1, 2].map(i => r.cells[i].textContent).join("|")).join("\n")`

func state(text string) string {
	return `document.getElementById("state").textContent.includes("` + text + `")`
}

func TestBrowserShowsLiveValues(t *testing.T) {
	t.Parallel()
	tab := newTab(t)
	host := servePage(t)
	broker, address := startBroker(t, "--origin", host)
	tab.open(page(host, address))
	tab.wait(state("subscribed to **/telemetry"))

	output(t, "rembus", "--url", address, "pub", "m1/telemetry", `{"temperature": 18.5, "pressure": 1013.2}`)
	output(t, "rembus", "--url", address, "pub", "m1/telemetry", `{"temperature": 19.5}`)
	tab.wait(cells + ` === "m1/telemetry|pressure|1013.2\nm1/telemetry|temperature|19.5"`)
	tab.wait(`document.querySelectorAll("polyline")[1].getAttribute("points") === "0.0,22.0 120.0,2.0"`)
	tab.wait(`document.querySelector("#values tr").cells[3].textContent`)

	// Foreign text stays text.
	evil := `<img src=x onerror="document.title=1">`
	output(t, "rembus", "--url", address, "pub", `a<b>evil<`+`u>/telemetry`, `{"<i>": "`+strings.ReplaceAll(evil, `"`, `\"`)+`"}`)
	got := tab.wait(cells + `.includes("evil") && ` + cells)
	if want := `a<b>evil<u>/telemetry|<i>|` + evil; !strings.HasPrefix(got.(string), want) {
		t.Errorf("the table begins with %q, want %q", got, want)
	}
	tab.wait(`document.querySelectorAll("#values :is(img, b, i, u)").length === 0`)

	// The broker goes and comes again.
	broker.stop(t)
	tab.wait(state("Trying again"))
	startBroker(t, "--origin", host, "--listen", strings.TrimPrefix(address, "ws://"))
	tab.wait(state("subscribed to"))
	output(t, "rembus", "--url", address, "pub", "m1/telemetry", `{"temperature": 7}`)
	tab.wait(cells + `.includes("m1/telemetry|temperature|7")`)
}

// Fault 25: a page of a foreign origin gets no connection, and says what to do.
func TestFault25BrowserOfForeignOrigin(t *testing.T) {
	t.Parallel()
	tab := newTab(t)
	host := servePage(t)
	_, address := startBroker(t)
	tab.open(page(host, address))
	tab.wait(state("--origin " + host))
}
