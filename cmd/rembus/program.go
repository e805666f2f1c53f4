package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rembus-go/rembus/component"
	"github.com/rembus-go/rembus/protocol"
)

const (
	maxComplaint = 4 << 10         // bytes of standard error that the caller gets
	straggle     = time.Second     // how long what a killed command started may hold its output
	maxAnswer    = 64<<20 - 64<<10 // bytes of output: what fits into a message
)

// program is a command that serves calls.
type program struct {
	path  string
	args  []string
	limit time.Duration
}

// serve answers one call.
func (p *program) serve(ctx context.Context, m *component.Message) (any, error) {
	input, err := callInput(m)
	if err != nil {
		return nil, &component.Error{Status: protocol.StatusMethodArgs, Text: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	out, complaint := &head{max: maxAnswer, full: cancel}, &tail{max: maxComplaint}
	cmd := exec.CommandContext(ctx, p.path, p.args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = bytes.NewReader(input), out, complaint, straggle
	ownGroup(cmd)
	err = cmd.Run()
	switch {
	case out.over:
		return nil, fmt.Errorf("the command printed more than %d bytes", maxAnswer)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("the command was killed after %v", p.limit)
	case err != nil && complaint.String() != "":
		return nil, errors.New(complaint.String())
	case err != nil:
		return nil, fmt.Errorf("the command failed: %w", err)
	}
	return answer(out.Bytes()), nil
}

// callInput is the list of arguments, as one line of JSON.
func callInput(m *component.Message) ([]byte, error) {
	args, err := texts(m)
	if err != nil {
		return nil, err
	}
	var input bytes.Buffer
	input.WriteByte('[')
	for i, arg := range args {
		if i > 0 {
			input.WriteByte(',')
		}
		input.Write(arg)
	}
	input.WriteString("]\n")
	return input.Bytes(), nil
}

// answer is what a command printed, as a value.
func answer(printed []byte) any {
	text := bytes.TrimSpace(printed)
	if len(text) == 0 {
		return nil
	}
	if arg, err := argument(string(text)); err == nil {
		return arg
	}
	if !utf8.Valid(printed) {
		return printed
	}
	return strings.TrimRight(string(printed), "\r\n")
}

// head keeps the beginning of what is written, and calls full when that is not
// all.
type head struct {
	bytes.Buffer
	max  int
	over bool
	full func()
}

func (h *head) Write(b []byte) (int, error) {
	if h.Len()+len(b) > h.max {
		h.over = true
		h.full()
		return len(b), nil
	}
	return h.Buffer.Write(b)
}

// tail keeps the end of what is written: there the reason of a failure stands.
type tail struct {
	text []byte
	max  int
	cut  bool
}

func (t *tail) Write(b []byte) (int, error) {
	t.text = append(t.text, b...)
	if over := len(t.text) - t.max; over > 0 {
		t.text, t.cut = append(t.text[:0], t.text[over:]...), true
	}
	return len(b), nil
}

func (t *tail) String() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(t.text), ""))
	if t.cut {
		text = "…" + text
	}
	return text
}
