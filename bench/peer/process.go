package peer

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// process is a broker's process and its directory.
type process struct {
	cmd    *exec.Cmd
	dir    string
	exited chan error
}

// start runs a broker in a fresh directory and waits until it accepts at addr.
func start(ctx context.Context, addr string, command func(dir string) (*exec.Cmd, error)) (*process, error) {
	dir, err := os.MkdirTemp("", "rembus-bench-")
	if err != nil {
		return nil, err
	}
	cmd, err := command(dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	log, err := os.Create(dir + "/bench.log")
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	p := &process{cmd: cmd, dir: dir, exited: make(chan error, 1)}
	go func() { p.exited <- cmd.Wait() }()
	if err := p.waitFor(ctx, addr); err != nil {
		said, _ := os.ReadFile(log.Name())
		p.Stop()
		return nil, fmt.Errorf("%s: %w\n%s", cmd.Path, err, said)
	}
	return p, nil
}

func (p *process) waitFor(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := net.Dial("tcp", addr); err == nil {
			return conn.Close()
		}
		select {
		case <-tick.C:
		case err := <-p.exited:
			p.exited <- err
			return fmt.Errorf("ended before it served: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("does not serve: %w", ctx.Err())
		}
	}
}

// PID is the process.
func (p *process) PID() int { return p.cmd.Process.Pid }

// Stop ends the process, hard when it does not want to, and removes its files.
func (p *process) Stop() error {
	defer os.RemoveAll(p.dir)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return nil // it is gone
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(time.Minute):
		p.cmd.Process.Kill()
		<-p.exited
		return fmt.Errorf("%s had to be killed", p.cmd.Path)
	}
}

// freeAddr returns an address of this machine that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
