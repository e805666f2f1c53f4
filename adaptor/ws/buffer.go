package ws

import "sync"

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
