package peer

import (
	"net"
	"sync"
)

// batchConn is a net.Conn whose writes can be held back until a batch is done:
// coder/websocket flushes each message, this makes one flush of many.
type batchConn struct {
	net.Conn

	mu   sync.Mutex
	held bool
	buf  []byte
}

// Write writes, or keeps b while the connection is held.
func (c *batchConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		c.buf = append(c.buf, b...)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *batchConn) hold() {
	c.mu.Lock()
	c.held = true
	c.mu.Unlock()
}

// release writes what was kept.
func (c *batchConn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	_, err := c.Conn.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}
