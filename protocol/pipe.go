package protocol

import (
	"context"
	"fmt"
	"sync"
)

// pipeDepth is how many batches one direction of a Pipe buffers.
const pipeDepth = 16

// Pipe returns two connected in-memory links: what one sends, the other
// receives, the very same messages. Send blocks while the other end does not
// receive.
func Pipe() (a, b Link) {
	ab, ba := make(chan []*Message, pipeDepth), make(chan []*Message, pipeDepth)
	end := &pipeEnd{done: make(chan struct{})}
	return &pipeLink{in: ba, out: ab, end: end}, &pipeLink{in: ab, out: ba, end: end}
}

// pipeEnd is the shared end of both directions.
type pipeEnd struct {
	once   sync.Once
	done   chan struct{}
	reason error
}

type pipeLink struct {
	in, out chan []*Message
	end     *pipeEnd
	queued  []*Message // received, not yet returned; owned by the receiver
}

func (l *pipeLink) Receive() (*Message, error) {
	for len(l.queued) == 0 {
		select { // what was sent before the end is still received
		case l.queued = <-l.in:
			continue
		default:
		}
		select {
		case l.queued = <-l.in:
		case <-l.end.done:
			select {
			case l.queued = <-l.in:
			default:
				return nil, l.closed()
			}
		}
	}
	m := l.queued[0]
	l.queued = l.queued[1:]
	return m, nil
}

func (l *pipeLink) Send(batch []*Message) error {
	if len(batch) == 0 {
		return nil
	}
	select {
	case <-l.end.done:
		return l.closed()
	default:
	}
	select {
	case l.out <- append([]*Message(nil), batch...):
		return nil
	case <-l.end.done:
		return l.closed()
	}
}

func (l *pipeLink) Ping(ctx context.Context) error {
	select {
	case <-l.end.done:
		return l.closed()
	default:
		return ctx.Err()
	}
}

func (l *pipeLink) Close(reason error) error {
	l.end.once.Do(func() {
		l.end.reason = reason
		close(l.end.done)
	})
	return nil
}

func (l *pipeLink) RemoteAddr() string { return "pipe" }

func (l *pipeLink) closed() error {
	if l.end.reason != nil {
		return fmt.Errorf("%w: %w", ErrClosed, l.end.reason)
	}
	return ErrClosed
}
