package ws_test

import (
	"errors"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// TestSlowProgramIsNotSilence: a peer whose system takes everything, but whose program
// has not read up to the ping, stays; not for ever, and not if its system takes nothing.
func TestSlowProgramIsNotSilence(t *testing.T) {
	const interval = 60 * time.Millisecond
	begin := func(t *testing.T, send int) (r *raw, ended chan error) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ended = make(chan error, 1)
		l := serveOn(t, roomy{ln}, ws.ListenOptions{Ping: interval}, func(link protocol.Link) {
			if err := link.Send([]*protocol.Message{pub(t, "a", send)}); err != nil {
				t.Errorf("Send: %v", err)
			}
			drain(ended)(link)
		})
		r = rawDial(t, l.Addr())
		if err := r.Conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		r.request(t)
		return r, ended
	}
	t.Run("reads late", func(t *testing.T) {
		r, ended := begin(t, 1000)
		<-time.After(4 * interval)
		for range 4 {
			first, p, err := r.read()
			if err != nil {
				t.Fatal(err)
			}
			if first == fin|opPing {
				r.send(fin|opPong, p)
			}
		}
		r.send(fin|opClose, []byte{1000 >> 8, 1000 & 0xff})
		if err := await(t, ended); err != protocol.ErrClosed {
			t.Errorf("Receive: %v", err)
		}
	})
	for name, c := range map[string]struct {
		send int
		long bool
	}{
		"never reads":               {1000, true},
		"system takes nothing more": {100_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, ended := begin(t, c.send)
			err := await(t, ended)
			told := regexp.MustCompile("no sign of life for ([^ ]+) after").FindStringSubmatch(err.Error())
			if !errors.Is(err, protocol.ErrClosed) || told == nil {
				t.Fatalf("Receive: %v", err)
			}
			if waited, _ := time.ParseDuration(told[1]); (waited == ws.SlowIntervals*interval) != c.long {
				t.Errorf("Receive: %v", err)
			}
		})
	}
}

// roomy is a listener whose connections take a lot before a write waits.
type roomy struct{ net.Listener }

func (l roomy) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(1 << 20)
	}
	return c, err
}
