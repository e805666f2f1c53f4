package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"golang.org/x/term"
)

// console tells on stderr what happens meanwhile. Safe for concurrent use.
type console struct {
	terminal bool // w is one

	mu       sync.Mutex // Protects following
	w        io.Writer
	last     string // failure told last; a repeated one is not told again
	progress bool   // the cursor stands behind a progress line
}

func newConsole(w io.Writer) *console { return &console{w: w, terminal: isTerminal(w)} }

// say prints a line.
func (c *console) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line(fmt.Sprintf(format, args...))
}

func (c *console) line(text string) {
	c.clear()
	fmt.Fprintln(c.w, "rembus: "+lines(plain(text)))
}

// show replaces the progress line. Only for terminals.
func (c *console) show(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	fmt.Fprint(c.w, text)
	c.progress = text != ""
}

func (c *console) clear() {
	if c.progress {
		fmt.Fprint(c.w, "\r\x1b[K")
		c.progress = false
	}
}

// failure tells of an error that no call returned. Attempts to reconnect fail
// alike for a long time.
func (c *console) failure(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := err.Error()
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		text = fmt.Sprintf("cannot connect: %v; trying again", op.Err)
	}
	if text != c.last {
		c.last = text
		c.line(text)
	}
}

func (c *console) lost(err error) { c.say("%v; connecting again", err) }

func (c *console) back() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = ""
	c.line("connected again")
}

// isTerminal reports whether people read w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
