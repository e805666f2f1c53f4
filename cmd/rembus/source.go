package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rembus-go/rembus/protocol"
)

// source gives the arguments of one message after the other. Without more it has
// ended, with err if it failed; else err says that this message is none.
type source interface {
	next(ctx context.Context) (args []any, more bool, err error)
}

// repeated gives the same message a number of times.
type repeated struct {
	args []any
	left int
}

func (r *repeated) next(context.Context) ([]any, bool, error) {
	r.left--
	return r.args, r.left >= 0, nil
}

// lineSource gives one message for each line. A goroutine reads, since
// reading cannot be interrupted; it ends with the input or with the process.
type lineSource struct {
	lines  chan inputLine
	number int
	left   int // 0: as many as come
	end    bool
}

type inputLine struct {
	text []byte
	err  error // the last one
}

func newLineSource(r io.Reader, most int) *lineSource {
	s := &lineSource{lines: make(chan inputLine, 64), left: most}
	go func() {
		defer close(s.lines)
		in := bufio.NewScanner(r)
		in.Buffer(make([]byte, 64<<10), protocol.DefaultLimits().MaxMessage)
		for in.Scan() {
			s.lines <- inputLine{text: bytes.Clone(in.Bytes())}
		}
		if err := in.Err(); err != nil {
			s.lines <- inputLine{err: err}
		}
	}()
	return s
}

func (s *lineSource) next(ctx context.Context) ([]any, bool, error) {
	for !s.end {
		var line inputLine
		var open bool
		select {
		case line, open = <-s.lines:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
		s.number++
		switch {
		case !open:
			return nil, false, nil
		case errors.Is(line.err, bufio.ErrTooLong):
			return nil, false, fmt.Errorf("line %d of the input is longer than a message may be", s.number)
		case line.err != nil:
			return nil, false, fmt.Errorf("reading the input: %w", line.err)
		}
		text := bytes.TrimSpace(line.text)
		if len(text) == 0 {
			continue
		}
		s.left--
		s.end = s.left == 0
		arg, err := argument(string(text))
		if err != nil {
			return nil, true, fmt.Errorf("line %d: %w", s.number, err)
		}
		return []any{arg}, true, nil
	}
	return nil, false, nil
}
