package ws

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// untaken is how many bytes that were written the peer's system has not acknowledged.
func untaken(conn net.Conn) (n int64, ok bool) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var queued int
	var failed error
	err = raw.Control(func(fd uintptr) { queued, failed = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return int64(queued), err == nil && failed == nil
}
