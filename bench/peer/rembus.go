package peer

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

// Rembusd is ours: the built rembusd over WebSocket and the Go component.
type Rembusd struct {
	Binary string
	Label  string   // what distinguishes it in the tables, such as "journal off"
	Flags  []string // besides its address and directory
	Env    []string // such as GOMAXPROCS=1
	Schema string   // the text of a schema; empty: no tables
	Home   string   // a directory that outlives the broker; empty: a fresh one, removed by Stop
	Single bool     // the clients send and get one message a frame
}

// Peer is this configuration.
func (r Rembusd) Peer() Peer {
	name := "rembusd ws"
	if r.Label != "" {
		name += ", " + r.Label
	}
	return Peer{
		Name: name,
		Version: func() string {
			out, _ := exec.Command(r.Binary, "--version").Output()
			return strings.TrimSpace(strings.TrimPrefix(string(out), "rembusd"))
		},
		Start: func(ctx context.Context) (Broker, error) { return r.Start(ctx) },
	}
}

// Start runs it.
func (r Rembusd) Start(ctx context.Context) (*Rembus, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, addr, func(dir string) (*exec.Cmd, error) {
		home := dir
		if r.Home != "" {
			home = r.Home
		}
		args := append([]string{"--listen", addr, "--dir", home}, r.Flags...)
		if r.Schema != "" {
			file := filepath.Join(dir, "schema.json")
			if err := os.WriteFile(file, []byte(r.Schema), 0o600); err != nil {
				return nil, err
			}
			args = append(args, "--schema", file)
		}
		cmd := exec.Command(r.Binary, args...)
		cmd.Env = append(os.Environ(), r.Env...)
		return cmd, nil
	})
	if err != nil {
		return nil, err
	}
	return &Rembus{process: p, url: "ws://" + addr, single: r.Single}, nil
}

// Rembus is a running broker that speaks our protocol.
type Rembus struct {
	*process
	url    string
	single bool
}

// URL is where it serves.
func (b *Rembus) URL() string { return b.url }

// outstandingMax is the largest window that a Pipeline may ask for.
const outstandingMax = 1 << 16

// Component connects a component; it is anonymous when name is empty.
func (b *Rembus) Component(ctx context.Context, name string) (*component.Component, error) {
	opts := []component.Option{component.WithoutReconnect(), component.WithWindow(outstandingMax)}
	if !b.single {
		return component.Dial(ctx, b.url+"/"+name, opts...)
	}
	return component.Attach(ctx, func(ctx context.Context) (protocol.Link, error) {
		return ws.Dial(ctx, b.url, ws.DialOptions{Single: true})
	}, name, opts...)
}

// Dial connects an anonymous component.
func (b *Rembus) Dial(ctx context.Context) (Client, error) {
	c, err := b.Component(ctx, "")
	if err != nil {
		return nil, err
	}
	return &rembusClient{c}, nil
}

// Account is what the broker says about itself, for whoever misses a message.
func (b *Rembus) Account(ctx context.Context) string {
	c, err := b.Component(ctx, "")
	if err != nil {
		return "the broker gives no account of itself: " + err.Error()
	}
	defer c.Close(ctx)
	health, err := component.Call[map[string]any](ctx, c, "health")
	if err != nil {
		return "the broker gives no account of itself: " + err.Error()
	}
	return fmt.Sprintf("the broker says: %v, %v", health["state"], health["stats"])
}
