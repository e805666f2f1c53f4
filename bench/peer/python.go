package peer

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

//go:embed python/requirements.txt
var pythonRequirements []byte

//go:embed python/broker.py
var pythonBroker string

// Python is the broker of the Python package rembus, in an environment of its own
// that is made in dir when it is missing.
type Python struct {
	Dir    string
	Schema string // the text of a schema; empty: no tables

	once  sync.Once
	lake  string // the argument that says what it stores tables in
	ready error
}

// Peer is this broker, driven by our component: it speaks our protocol, one message
// a frame.
func (p *Python) Peer() Peer {
	return Peer{
		Name: "rembus.python ws",
		Version: func() string {
			if p.prepare(); p.ready != nil {
				return ""
			}
			out, _ := exec.Command(p.python(), "-c", `import importlib.metadata as m; print(m.version("rembus"), end="")`).Output()
			if p.lake == "plain" {
				return string(out) + ", on plain DuckDB (its extension ducklake cannot be loaded here)"
			}
			return string(out)
		},
		Start: p.start,
	}
}

func (p *Python) python() string { return filepath.Join(p.Dir, "bin", "python") }

// prepare makes the environment once.
func (p *Python) prepare() {
	p.once.Do(func() {
		if p.ready = p.install(); p.ready != nil {
			return
		}
		p.lake = "lake"
		if exec.Command(p.python(), "-c", pythonBroker, "probe").Run() != nil {
			p.lake = "plain"
		}
	})
}

func (p *Python) install() error {
	stamp := filepath.Join(p.Dir, "requirements.txt")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, pythonRequirements) {
		return nil
	}
	python := os.Getenv("PYTHON")
	if python == "" {
		python = "python3"
	}
	if _, err := exec.LookPath(python); err != nil {
		return fmt.Errorf("Python is %w: apt-get install python3-venv", ErrMissing)
	}
	if err := os.RemoveAll(p.Dir); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "making the environment of rembus.python, once")
	if out, err := exec.Command(python, "-m", "venv", p.Dir).CombinedOutput(); err != nil {
		return fmt.Errorf("rembus.python is %w: %s -m venv: %w\n%s", ErrMissing, python, err, out)
	}
	wanted := filepath.Join(p.Dir, "wanted.txt")
	if err := os.WriteFile(wanted, pythonRequirements, 0o600); err != nil {
		return err
	}
	pip := exec.Command(p.python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted)
	if out, err := pip.CombinedOutput(); err != nil {
		return fmt.Errorf("rembus.python is %w: pip: %w\n%s", ErrMissing, err, out)
	}
	return os.Rename(wanted, stamp)
}

func (p *Python) start(ctx context.Context) (Broker, error) {
	if p.prepare(); p.ready != nil {
		return nil, p.ready
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	process, err := start(ctx, addr, func(dir string) (*exec.Cmd, error) {
		cmd := exec.Command(p.python(), "-c", pythonBroker, p.lake)
		cmd.Env = append(os.Environ(), "REMBUS_DIR="+dir, "REMBUS_PORT="+port)
		if p.Schema != "" {
			file := filepath.Join(dir, "schema.json")
			if err := os.WriteFile(file, []byte(p.Schema), 0o600); err != nil {
				return nil, err
			}
			cmd.Env = append(cmd.Env, "REMBUS_SCHEMA="+file)
		}
		return cmd, nil
	})
	if err != nil {
		return nil, err
	}
	return &Rembus{process: process, url: "ws://" + addr, single: true}, nil
}
