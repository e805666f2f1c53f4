//go:build !linux

package ws

import "net"

// untaken is known by other means on each of the other systems.
func untaken(net.Conn) (int64, bool) { return 0, false }
