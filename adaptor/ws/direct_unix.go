//go:build unix

package ws

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// direct writes to a TCP connection without waiting for it, and reads from it without
// room while nothing comes.
type direct struct {
	raw  syscall.RawConn // nil: it does not work
	try  func(fd uintptr) bool
	data []byte
	n    int
	err  error

	poll    func(fd uintptr) bool
	in      *incoming
	got     int
	readErr error
}

func (d *direct) open(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	d.raw, d.try, d.poll = raw, d.once, d.pollOnce
}

func (d *direct) works() bool { return d.raw != nil }

// write writes as much of p as the connection takes at once. Not safe for
// concurrent use.
func (d *direct) write(p []byte) (n int, err error) {
	d.data, d.n, d.err = p, 0, nil
	err = d.raw.Write(d.try)
	d.data = nil
	if errors.Is(err, os.ErrDeadlineExceeded) { // that of an earlier write; the next one sets its own
		return 0, nil
	}
	if err == nil {
		err = d.err
	}
	return d.n, err
}

// read waits for what arrives and reads it into in, which gets room only then: a
// connection without traffic has none. Not safe for concurrent use.
func (d *direct) read(in *incoming) (n int, err error) {
	d.in, d.got, d.readErr = in, 0, nil
	if err = d.raw.Read(d.poll); err == nil {
		err = d.readErr
	}
	return d.got, err
}

// pollOnce reads, if there is something; false says that it has to be waited for.
func (d *direct) pollOnce(fd uintptr) bool {
	for {
		n, err := syscall.Read(int(fd), d.in.room())
		switch {
		case err == nil && n == 0:
			d.readErr = io.EOF
		case err == nil:
			d.got = n
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			d.in.drop()
			return false
		default:
			d.readErr = os.NewSyscallError("read", err)
		}
		return true
	}
}

// once is the write itself; true says that nothing is to be waited for.
func (d *direct) once(fd uintptr) bool {
	n, err := syscall.Write(int(fd), d.data)
	switch {
	case err == nil:
		d.n = n
	case !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR):
		d.err = os.NewSyscallError("write", err)
	}
	return true
}
