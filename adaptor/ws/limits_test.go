package ws_test

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
)

// starved is a listener that is out of descriptors for a while.
type starved struct {
	net.Listener
	failures atomic.Int32
}

func (l *starved) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// TestFault20Descriptors: when descriptors run out accepting goes on as soon as
// there are some.
func TestFault20Descriptors(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := &starved{Listener: tcp}
	ln.failures.Store(4)
	l := serveOn(t, ln, ws.ListenOptions{}, echo)
	upgraded(t, l.Addr()).Close()
	if ln.failures.Load() >= 0 {
		t.Error("accepted before the failures were over")
	}
}

// TestFault20ConnsFromDescriptors: the limit of open files bounds connections
// and leaves something to the rest of the program.
func TestFault20ConnsFromDescriptors(t *testing.T) {
	for files, want := range map[uint64]int{0: 16, 64: 16, 256: 208, 1024: 896, 20000: 17500, 1 << 63: 917504} {
		if got := ws.ConnsFor(files); got != want {
			t.Errorf("%d files: %d connections, want %d", files, got, want)
		}
	}
}

// TestMaxConns: a connection above the limit is told so, far above it is cut;
// one that ends makes room.
func TestMaxConns(t *testing.T) {
	const limit = 8
	ended := make(chan error, 100)
	l := serve(t, ws.ListenOptions{MaxConns: limit}, drain(ended))
	var held []*raw
	for range limit {
		held = append(held, upgraded(t, l.Addr()))
	}
	over := rawDial(t, l.Addr())
	resp := over.request(t)
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable || string(body) != "too many connections\n" {
		t.Errorf("%s %q", resp.Status, body)
	}
	over.Close()
	silent := rawDial(t, l.Addr()) // counts as long as its handshake may last
	for l.Open() <= limit {
		runtime.Gosched()
	}
	if _, err := rawDial(t, l.Addr()).br.ReadByte(); err == nil || isTimeout(err) {
		t.Errorf("far above the limit: %v", err)
	}
	silent.Close()
	held[0].Close()
	await(t, ended)
	for l.Open() >= limit {
		runtime.Gosched()
	}
	upgraded(t, l.Addr())
}

// TestFault19ManyConnections: hundreds come at once, are all served, and leave
// nothing behind.
func TestFault19ManyConnections(t *testing.T) {
	const n = 400
	ended := make(chan error, n)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		echo(link)
		ended <- nil
	})
	flat(t, func() {
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				r := upgraded(t, l.Addr())
				cbor := []byte{0x83, 1, 0x61, 'a', 0x80}
				r.send(fin|opBinary, cbor)
				if _, p, err := r.read(); err != nil || string(p) != string(cbor) {
					t.Errorf("% x %v", p, err)
				}
				r.Close()
			})
		}
		wg.Wait()
		for range n {
			await(t, ended)
		}
		for l.Open() > 0 {
			runtime.Gosched()
		}
	})
}

// TestIdleMemory: an idle connection costs at most 30 KiB on the listener's
// side; clients are bare sockets, whose part is small and counted in.
func TestIdleMemory(t *testing.T) {
	const n = 1000
	if ws.ConnsFor(ws.OpenFiles()) < 2*n+100 {
		t.Skip("too few descriptors")
	}
	ended := make(chan error, n)
	got := make(chan struct{}, n)
	l := serve(t, ws.ListenOptions{}, func(link protocol.Link) {
		for {
			if _, err := link.Receive(); err != nil {
				ended <- err
				return
			}
			link.Send([]*protocol.Message{pub(t, "a", 200)})
			got <- struct{}{}
		}
	})
	before := heap()
	conns := make([]net.Conn, n)
	for i := range conns {
		r := upgraded(t, l.Addr())
		conns[i] = r.Conn
		r.send(fin|opBinary, []byte{0x83, 1, 0x61, 'a', 0x80})
		await(t, got)
	}
	each := (heap() - before) / n
	t.Logf("%d bytes each", each)
	if each > 30<<10 {
		t.Errorf("an idle connection takes %d bytes", each)
	}
	for _, c := range conns {
		c.Close()
	}
	for range conns {
		await(t, ended)
	}
}
