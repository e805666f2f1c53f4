package main

import (
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
)

// TestPprofAddress: a port alone is one of this machine, and config shows what is
// in force.
func TestPprofAddress(t *testing.T) {
	dir := t.TempDir()
	for arg, want := range map[string]string{
		"6060": "127.0.0.1:6060", ":6060": "127.0.0.1:6060", "[::1]:6060": "[::1]:6060", "0.0.0.0:0": "0.0.0.0:0", "host:1": "host:1",
	} {
		code, out, errs := cli("config", "--dir", dir, "--pprof", arg, "--pprof-mutex", "5", "--pprof-block", "10us")
		shown := strings.Join(strings.Fields(out), " ")
		if code != exitOK || !strings.Contains(shown, "pprof "+want+" flag pprof-block 10µs flag pprof-mutex 5 flag") {
			t.Errorf("%s: exit code %d, %s%s", arg, code, shown, errs)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no port":     {[]string{"--pprof", "host"}, "write a port, or host:port"},
		"port name":   {[]string{"--pprof", "localhost:http"}, "write a port, or host:port"},
		"large port":  {[]string{"--pprof", "65536"}, "write a port, or host:port"},
		"many colons": {[]string{"--pprof", "::1"}, "too many colons"},
		"rate alone":  {[]string{"--pprof-mutex", "1"}, "need --pprof"},
		"block alone": {[]string{"--pprof-block", "1us"}, "need --pprof"},
		"below zero":  {[]string{"--pprof", "0", "--pprof-mutex", "-1"}, "must not be negative"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, _, errs := cli(append([]string{"--dir", dir}, c.args...)...); code != exitUsage || !strings.Contains(errs, c.want) {
				t.Errorf("exit code %d: %s", code, errs)
			}
		})
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	taken := &pprofConfig{addr: busy.Addr().String()}
	if _, err := taken.start(slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "for --pprof") {
		t.Errorf("an address in use: %v", err)
	}
}

// TestPprofServes: profiles come from a port of their own, to who asks this machine by
// its name, and a profile under way when the broker stops is sent as far as it is.
func TestPprofServes(t *testing.T) {
	p := start(t, "--dir", t.TempDir(), "--no-lake", "--pprof", "0", "--pprof-mutex", "7")
	url := p.until(t, "profiles")["url"].(string)
	broker := strings.Replace(p.until(t, "rembusd is ready")["url"].(string), "ws://", "http://", 1)
	for path, want := range map[string]string{
		"": "full goroutine stack dump", "cmdline": "--pprof-mutex", "heap?debug=1": "heap profile:", "mutex?debug=1": "sampling period=7",
	} {
		if status, body := get(t, url+path, ""); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, %.200q, want %q", path, status, body, want)
		}
	}
	if status, _ := get(t, url, "evil.example.com:80"); status != http.StatusForbidden {
		t.Errorf("asked by another name: status %d", status)
	}
	if status, body := get(t, broker+"/debug/pprof/", ""); status == http.StatusOK {
		t.Errorf("on the broker's own port: status %d, %q", status, body)
	}

	profiled := make(chan error)
	go func() {
		resp, err := http.Get(url + "profile?seconds=3600")
		if err == nil {
			defer resp.Body.Close()
			var unzip *gzip.Reader
			if unzip, err = gzip.NewReader(resp.Body); err == nil {
				_, err = io.Copy(io.Discard, unzip)
			}
		}
		profiled <- err
	}()
	for under := false; !under; {
		_, body := get(t, url+"goroutine?debug=1", "")
		under = strings.Contains(body, "net/http/pprof.sleep")
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := <-profiled; err != nil {
		t.Errorf("the profile that the shutdown ended: %v", err)
	}
	p.until(t, "stopped")
	if code := p.wait(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func get(t *testing.T, url, host string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestPprofRecords: contention is recorded only while profiles are served.
func TestPprofRecords(t *testing.T) {
	c := &pprofConfig{addr: "127.0.0.1:0", mutex: 3, block: 1}
	if err := c.validate(); err != nil {
		t.Fatal(err)
	}
	before := pprof.Lookup("block").Count()
	stop, err := c.start(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := runtime.SetMutexProfileFraction(-1); got != 3 {
		t.Errorf("one in %d mutex contentions is recorded, want 3", got)
	}
	wakes := make(chan struct{})
	go func() { wakes <- struct{}{} }()
	<-wakes
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	<-ctx.Done()
	if pprof.Lookup("block").Count() == before {
		t.Error("no blocking was recorded")
	}
	stop()
	if got := runtime.SetMutexProfileFraction(-1); got != 0 {
		t.Errorf("still one in %d contentions is recorded", got)
	}
}

// TestPprofWarns: who serves profiles to other machines is told.
func TestPprofWarns(t *testing.T) {
	var b strings.Builder
	stop, err := (&pprofConfig{addr: "0.0.0.0:0"}).start(slog.New(slog.NewTextHandler(&b, nil)))
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if !strings.Contains(b.String(), "level=WARN") || !strings.Contains(b.String(), "reachable from other machines") {
		t.Errorf("logged %s", b.String())
	}
}
