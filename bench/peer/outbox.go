package peer

import (
	"context"
	"sync"

	"github.com/coder/websocket"
)

// outbox writes frames to a WebSocket from one goroutine that takes everything
// queued and puts it behind one flush.
type outbox struct {
	ws   *websocket.Conn
	raw  *batchConn
	done chan struct{} // closed when the writer has ended

	mu     sync.Mutex
	wake   sync.Cond
	frames [][]byte
	closed bool
}

func newOutbox(ws *websocket.Conn, raw *batchConn) *outbox {
	o := &outbox{ws: ws, raw: raw, done: make(chan struct{})}
	o.wake.L = &o.mu
	go o.write()
	return o
}

func (o *outbox) put(frame []byte) {
	o.mu.Lock()
	o.frames = append(o.frames, frame)
	first := len(o.frames) == 1
	o.mu.Unlock()
	if first {
		o.wake.Signal()
	}
}

func (o *outbox) write() {
	defer close(o.done)
	var batch [][]byte
	for {
		o.mu.Lock()
		for len(o.frames) == 0 && !o.closed {
			o.wake.Wait()
		}
		if o.closed {
			o.mu.Unlock()
			return
		}
		batch, o.frames = o.frames, batch[:0]
		o.mu.Unlock()

		o.raw.hold()
		for _, frame := range batch {
			if o.ws.Write(context.Background(), websocket.MessageBinary, frame) != nil {
				return
			}
		}
		if o.raw.release() != nil {
			return
		}
	}
}

// close ends the writer and the connection.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.wake.Signal()
	o.ws.CloseNow()
	<-o.done
}
