package protocol

import "sync"

// A message and its bytes are one allocation where the bytes are few: half of
// what a small message costs is getting memory. The sizes fill size classes of
// Go's allocator, of 192 to 512 bytes.
type (
	message24 struct {
		Message
		room [24]byte
	}
	message88 struct {
		Message
		room [88]byte
	}
	message152 struct {
		Message
		room [152]byte
	}
	message216 struct {
		Message
		room [216]byte
	}
	message344 struct {
		Message
		room [344]byte
	}
)

// spare holds messages that were given back, of the two sizes that sensors and
// small objects have.
var spare152, spare344 sync.Pool

// Free gives a message back that [NewMessage] returned, so that its memory serves
// the next one. Nobody else may have it, nor its data, any more. Who does not know
// that leaves it to the garbage collector.
func (m *Message) Free() {
	var pool *sync.Pool
	switch cap(m.frame) {
	case 152:
		pool = &spare152
	case 344:
		pool = &spare344
	default:
		return
	}
	if m.frames[CBOR].Load() != nil || m.frames[JSON].Load() != nil || m.own.alt.Load() != nil {
		return // shared, or converted: rare
	}
	// Pointers are only changed where they must be: each costs a write barrier.
	m.QoS, m.HasSlot, m.Status, m.Slot = 0, false, 0, 0
	if !m.ID.IsZero() {
		m.ID = ID{}
	}
	if m.Target != "" {
		m.Target = ""
	}
	if m.Login != nil {
		m.Login = nil
	}
	pool.Put(m)
}

// recycled returns a message for n bytes of data that can be freed.
func recycled(n int) (*Message, []byte) {
	pool, size := &spare152, 152
	if n > size {
		pool, size = &spare344, 344
	}
	if n > size {
		return withRoom(n)
	}
	if m, ok := pool.Get().(*Message); ok {
		return m, m.frame[:n:n]
	}
	m, room := withRoom(size)
	m.frame = room
	return m, room[:n:n]
}

// withRoom returns a new message and n bytes, which live as long as it does.
func withRoom(n int) (*Message, []byte) {
	switch {
	case n <= 24:
		m := &message24{}
		return &m.Message, m.room[:n:n]
	case n <= 88:
		m := &message88{}
		return &m.Message, m.room[:n:n]
	case n <= 152:
		m := &message152{}
		return &m.Message, m.room[:n:n]
	case n <= 216:
		m := &message216{}
		return &m.Message, m.room[:n:n]
	case n <= 344:
		m := &message344{}
		return &m.Message, m.room[:n:n]
	}
	return &Message{}, make([]byte, n)
}
