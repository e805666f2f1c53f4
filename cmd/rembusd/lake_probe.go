package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rembus-go/rembus/lake"
)

// probeName is the hidden command that looks at a lake file in a process of its
// own: DuckDB may end the process that opens a damaged file.
const probeName = "lake-probe"

// Exit codes of the probe.
const (
	exitDamaged = 20
	exitNewer   = 21
)

// How long a probe may take. One that is not over says nothing about the file.
const (
	probeTime    = time.Minute
	thoroughTime = 30 * time.Minute
)

// probeCommand is what the child does.
func probeCommand(exit func(int)) *cobra.Command {
	cmd := &cobra.Command{Use: probeName + " FILE", Hidden: true, Args: usage(cobra.ExactArgs(1))}
	thorough := cmd.Flags().Bool("thorough", false, "read all of the file")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		err := lake.Probe(cmd.Context(), args[0], *thorough)
		code := exitFailed
		switch {
		case err == nil:
			return nil
		case errors.Is(err, lake.ErrDamaged):
			code = exitDamaged
		case errors.Is(err, lake.ErrNewer):
			code = exitNewer
		}
		fmt.Fprintln(cmd.ErrOrStderr(), plainText(err.Error()))
		exit(code)
		return nil
	}
	return cmd
}

// probe looks at a lake file through a child of this process. A child that crashes
// does so twice before the file is to blame: it may have lacked memory.
func probe(ctx context.Context, path string, thorough bool) error {
	self, err := os.Executable()
	if err != nil {
		return lake.Probe(ctx, path, thorough)
	}
	for tries := 0; ; tries++ {
		err := runProbe(ctx, self, path, thorough)
		var crash *crashError
		if !errors.As(err, &crash) {
			return err
		}
		if tries > 0 {
			return fmt.Errorf("%w: DuckDB crashes: %w", lake.ErrDamaged, crash)
		}
	}
}

// crashError is what is left of a child that DuckDB ended.
type crashError struct{ last string }

func (e *crashError) Error() string { return e.last }

func runProbe(ctx context.Context, self, path string, thorough bool) error {
	limit, args := probeTime, []string{probeName, path}
	if thorough {
		limit, args = thoroughTime, append(args, "--thorough")
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, args...)
	var said head
	cmd.Stderr = &said
	cmd.WaitDelay = time.Second
	err := runChild(cmd)
	text := plainText(strings.TrimSpace(said.String()))
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("looking at the file took too long: %w", ctx.Err())
	case !errors.As(err, &exit):
		return fmt.Errorf("the file could not be looked at: %w", err)
	case exit.ExitCode() == exitDamaged:
		return fmt.Errorf("%w: %s", lake.ErrDamaged, text)
	case exit.ExitCode() == exitNewer:
		return fmt.Errorf("%w: %s", lake.ErrNewer, text)
	case crashed(exit, said.String()):
		return &crashError{fmt.Sprintf("%v: %s", err, text)}
	}
	return fmt.Errorf("the file could not be looked at: %v: %s", err, text)
}

// crashed tells a crash inside DuckDB from a child that somebody ended, such as by
// Ctrl-C or for want of memory. Go catches the signal and says so.
func crashed(exit *exec.ExitError, said string) bool {
	for _, sign := range []string{"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "signal arrived during cgo execution", "Exception 0x"} {
		if strings.Contains(said, sign) {
			return true
		}
	}
	return strings.Contains(exit.String(), "segmentation fault") || strings.Contains(exit.String(), "aborted") || strings.Contains(exit.String(), "bus error")
}

// head keeps the beginning of what is written, up to a bound.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	const most = 64 << 10
	h.Buffer.Write(p[:min(len(p), max(0, most-h.Len()))])
	return len(p), nil
}
