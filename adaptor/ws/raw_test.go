package ws_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// raw is a WebSocket client that does what no library would.
type raw struct {
	net.Conn
	br *bufio.Reader
}

const (
	opContinue = 0
	opText     = 1
	opBinary   = 2
	opClose    = 8
	opPing     = 9
	opPong     = 10

	fin  = 0x80
	rsv1 = 0x40
	rsv2 = 0x20
	rsv3 = 0x10
)

// rawDial connects without a handshake.
func rawDial(t testing.TB, addr net.Addr) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &raw{c, bufio.NewReader(c)}
}

// request sends an upgrade request with further header lines and returns the
// answer.
func (r *raw) request(t testing.TB, headers ...string) *http.Response {
	t.Helper()
	lines := append([]string{
		"GET /meter HTTP/1.1", "Host: " + r.RemoteAddr().String(), "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	}, headers...)
	if _, err := io.WriteString(r, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(r.br, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// upgraded connects with a handshake.
func upgraded(t testing.TB, addr net.Addr) *raw {
	t.Helper()
	r := rawDial(t, addr)
	if resp := r.request(t); resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %s", resp.Status)
	}
	return r
}

// head returns the head of a masked frame, with a mask of zero. A declared
// length need not be true.
func head(first byte, declared uint64) []byte {
	h := []byte{first}
	switch {
	case declared < 126:
		h = append(h, 0x80|byte(declared))
	case declared < 1<<16:
		h = binary.BigEndian.AppendUint16(append(h, 0x80|126), uint16(declared))
	default:
		h = binary.BigEndian.AppendUint64(append(h, 0x80|127), declared)
	}
	return append(h, 0, 0, 0, 0)
}

// send writes one frame.
func (r *raw) send(first byte, payload []byte) error {
	_, err := r.Write(append(head(first, uint64(len(payload))), payload...))
	return err
}

// read returns the next frame.
func (r *raw) read() (first byte, payload []byte, err error) {
	var h [8]byte
	if _, err = io.ReadFull(r.br, h[:2]); err != nil {
		return 0, nil, err
	}
	first = h[0]
	n := uint64(h[1])
	switch n {
	case 126:
		_, err = io.ReadFull(r.br, h[:2])
		n = uint64(binary.BigEndian.Uint16(h[:]))
	case 127:
		_, err = io.ReadFull(r.br, h[:8])
		n = binary.BigEndian.Uint64(h[:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r.br, payload)
	return first, payload, err
}

// closing reads up to the close frame and returns its status and text, and
// whether the connection ended after it.
func (r *raw) closing(t testing.TB) (status int, text string) {
	t.Helper()
	for {
		first, p, err := r.read()
		if err != nil {
			t.Fatalf("no close frame: %v", err)
		}
		if first&0xf != opClose {
			continue
		}
		r.send(fin|opClose, p) // the answer spares the listener its wait
		if _, _, err := r.read(); err == nil {
			t.Fatal("a frame after the close frame")
		}
		if len(p) < 2 {
			return 0, ""
		}
		return int(binary.BigEndian.Uint16(p)), string(p[2:])
	}
}

func (r *raw) String() string { return fmt.Sprintf("raw %v", r.LocalAddr()) }
