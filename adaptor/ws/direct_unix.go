//go:build unix

package ws

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// direct writes to a TCP connection without waiting for it.
type direct struct {
	raw  syscall.RawConn // nil: it does not work
	try  func(fd uintptr) bool
	data []byte
	n    int
	err  error
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
	d.raw, d.try = raw, d.once
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
