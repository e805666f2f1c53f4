package peer

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// dialMQTT connects over "tcp", "ws" (one packet a frame, as the client libraries
// of MQTT do, but many frames behind one flush), or "ws batched" (many packets a
// frame, which the standard allows).
func dialMQTT(ctx context.Context, transport, addr string) (net.Conn, error) {
	if transport == "tcp" {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}
	var raw *batchConn
	dial := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		raw = &batchConn{Conn: c}
		return raw, err
	}}
	ws, _, err := websocket.Dial(ctx, "ws://"+addr+"/mqtt", &websocket.DialOptions{
		Subprotocols: []string{"mqtt"}, HTTPClient: &http.Client{Transport: dial},
	})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	conn := websocket.NetConn(context.Background(), ws, websocket.MessageBinary)
	if transport == "ws batched" {
		return conn, nil
	}
	return &packetConn{conn, raw}, nil
}

// packetConn writes each packet in a frame of its own.
type packetConn struct {
	net.Conn
	raw *batchConn
}

// Write takes whole packets.
func (c *packetConn) Write(packets []byte) (int, error) {
	c.raw.hold()
	written := 0
	for written < len(packets) {
		length, n := binary.Uvarint(packets[written+1:])
		size := 1 + n + int(length)
		if _, err := c.Conn.Write(packets[written : written+size]); err != nil {
			return written, err
		}
		written += size
	}
	return written, c.raw.release()
}
