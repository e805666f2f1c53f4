package ws

import (
	"sync"

	"github.com/rembus-go/rembus/internal/pieces"
)

// buffers is the scratch of connections at work: an idle one has none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 4<<10)
	return &b
}}

// recycle gives a buffer back, unless it grew too large to lie around.
func recycle(b *[]byte) {
	if cap(*b) > maxKeep {
		return
	}
	*b = (*b)[:0]
	buffers.Put(b)
}

// partSize is what longer messages are received in: not much more than has arrived.
const partSize = 2 * maxKeep

var partBuffers = sync.Pool{New: func() any { return new([partSize]byte) }}

// parts is the beginning of a message that is longer than the buffers that are kept.
type parts struct {
	all  [][]byte
	size int
}

// next takes a full buffer and returns an empty one.
func (p *parts) next(full []byte) []byte {
	p.all = append(p.all, full)
	p.size += len(full)
	return partBuffers.Get().(*[partSize]byte)[:0]
}

// join returns all parts and the last one in a slice of just that length.
func (p *parts) join(last []byte) []byte {
	if p.all == nil {
		return last
	}
	whole := make([]byte, p.size+len(last))
	at := 0
	for i, part := range append(p.all, last) {
		at += pieces.Copy(whole[at:], part)
		if i == 0 {
			recycle(&part)
		} else {
			partBuffers.Put((*[partSize]byte)(part[:partSize]))
		}
	}
	return whole
}
