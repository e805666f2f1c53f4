package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// pprofConfig is what is profiled, and where profiles are served.
type pprofConfig struct {
	addr  string   // "" when it is off
	mutex int      // one in so many contended locks is recorded
	block duration // one sample for each such time that goroutines spent blocked
}

// validate completes the address: a port alone is one of this machine only.
func (c *pprofConfig) validate() error {
	if c.addr == "" {
		if c.mutex != 0 || c.block != 0 {
			return wrong("--pprof-mutex and --pprof-block need --pprof")
		}
		return nil
	}
	if c.mutex < 0 {
		return wrong("--pprof-mutex must not be negative")
	}
	addr := c.addr
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return wrong("--pprof %s: %v", c.addr, err)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return wrong("--pprof %s: write a port, or host:port", c.addr)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	c.addr = net.JoinHostPort(host, port)
	return nil
}

// start serves profiles on a listener of their own until stop, which ends profiles
// that are being taken with what they have. Nothing is recorded while it is off.
func (c *pprofConfig) start(logger *slog.Logger) (stop func(), err error) {
	if c.addr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for --pprof: %w", c.addr, err)
	}
	life, end := context.WithCancel(context.Background())
	srv := &http.Server{
		Handler: profiles(isLoopback(listener.Addr().String())), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return life },
		ErrorLog:    slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	before := runtime.SetMutexProfileFraction(c.mutex)
	runtime.SetBlockProfileRate(int(c.block))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(listener) // ends by stop
	}()
	addr := listener.Addr().String()
	logger.Info("profiles", "url", "http://"+addr+"/debug/pprof/")
	if !isLoopback(addr) {
		logger.Warn("profiles are reachable from other machines, and show the command line and the broker's inside", "addr", addr)
	}
	return func() {
		end()
		ctx, cancel := context.WithTimeout(context.Background(), pprofFarewell)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
		<-served
		runtime.SetBlockProfileRate(0)
		runtime.SetMutexProfileFraction(before)
	}, nil
}

// pprofFarewell is how long a profile that was cut short may take to be sent.
const pprofFarewell = 2 * time.Second

// profiles serves what net/http/pprof has, on a mux of its own. On a loopback address a
// request has to name it: a web page whose own name was made to point here gets nothing.
func profiles(local bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if local && !isLoopback(r.Host) {
			http.Error(w, "ask for it as localhost", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// isLoopback reports whether an address, with a port or without, is this machine's own.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = strings.Trim(addr, "[]")
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
