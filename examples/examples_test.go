package examples_test

import (
	"strings"
	"testing"
)

// What the publisher sends reaches the collector, live and from while it was
// away, and the tables.
func TestPublisherCollector(t *testing.T) {
	t.Parallel()
	_, url := startBroker(t)
	collector := start(t, "collector", "-url", url, "-count", "1")
	collector.wait(t, "subscribed")
	output(t, "publisher", "-url", url, "-meter", "m1", "-count", "1")
	if got := collector.end(t); !strings.Contains(got, "m1/telemetry map[pressure:") {
		t.Errorf("the collector printed %q", got)
	}
	output(t, "publisher", "-url", url, "-meter", "m2", "-count", "3", "-every", "1ms")
	collector = start(t, "collector", "-url", url, "-count", "3")
	if got := collector.end(t); strings.Count(got, "m2/telemetry map[pressure:") != 3 || strings.Contains(got, "m1") {
		t.Errorf("after its absence the collector printed %q", got)
	}
	if got := output(t, "rembus", "--url", url, "query", "telemetry", "--cols", "dn", "--format", "csv"); strings.Count(got, "m2\r\n") != 3 {
		t.Errorf("table telemetry:\n%q", got)
	}
	if got := output(t, "rembus", "--url", url, "query", "sensor", "--format", "csv"); !strings.Contains(got, "belluno,meter,m1\r\n") {
		t.Errorf("table sensor:\n%q", got)
	}
}

func TestPublisherEndsByInterrupt(t *testing.T) {
	t.Parallel()
	_, url := startBroker(t)
	publisher := start(t, "publisher", "-url", url)
	publisher.wait(t, "publishing")
	publisher.stop(t)
}

func TestCalculator(t *testing.T) {
	t.Parallel()
	_, url := startBroker(t)
	refused := command("calculator", "-url", url, "add", "1", "2")
	if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "nobody serves add") {
		t.Errorf("add without a server: %v, %s", err, out)
	}
	server := start(t, "calculator", "-url", url)
	server.wait(t, "serving")
	if got := output(t, "calculator", "-url", url, "add", "1", "2"); got != "3\n" {
		t.Errorf("add 1 2 printed %q", got)
	}
	if got := output(t, "calculator", "-url", url, "divide", "1", "4"); got != "0.25\n" {
		t.Errorf("divide 1 4 printed %q", got)
	}
	refused = command("calculator", "-url", url, "divide", "1", "0")
	if out, err := refused.CombinedOutput(); err == nil || !strings.Contains(string(out), "division by zero") {
		t.Errorf("divide 1 0: %v, %s", err, out)
	}
}

func TestDataFrame(t *testing.T) {
	t.Parallel()
	_, url := startBroker(t)
	got := output(t, "dataframe", "-url", url)
	for _, want := range []string{"103 rows", "dn           utf8", "temperature  float64", "pressure     float64"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}
