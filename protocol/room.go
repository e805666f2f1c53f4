package protocol

import "sync"

// A message and its bytes are one allocation where the bytes are few: half of
// what a small message costs is getting memory. The sizes fill size classes of
// Go's allocator, of 192 to 512 bytes.
type (
	message16 struct {
		Message
		room [16]byte
	}
	message80 struct {
		Message
		room [80]byte
	}
	message144 struct {
		Message
		room [144]byte
	}
	message208 struct {
		Message
		room [208]byte
	}
	message336 struct {
		Message
		room [336]byte
	}
)

// spare holds messages that were given back, of the two sizes that sensors and
// small objects have.
var spare144, spare336 sync.Pool

// Free gives a message back that [NewMessage] returned, so that its memory serves
// the next one. Nobody else may have it, nor its data, any more. Who does not know
// that leaves it to the garbage collector.
func (m *Message) Free() {
	var pool *sync.Pool
	switch cap(m.frame) {
	case 144:
		pool = &spare144
	case 336:
		pool = &spare336
	default:
		return
	}
	if m.frames[CBOR].Load() != nil || m.frames[JSON].Load() != nil || m.own.alt.Load() != nil {
		return // shared, or converted: rare
	}
	// Pointers are only changed where they must be: each costs a write barrier.
	m.QoS, m.HasSlot, m.Status, m.Slot, m.Origin = 0, false, 0, 0, 0
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
	pool, size := &spare144, 144
	if n > size {
		pool, size = &spare336, 336
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
	case n <= 16:
		m := &message16{}
		return &m.Message, m.room[:n:n]
	case n <= 80:
		m := &message80{}
		return &m.Message, m.room[:n:n]
	case n <= 144:
		m := &message144{}
		return &m.Message, m.room[:n:n]
	case n <= 208:
		m := &message208{}
		return &m.Message, m.room[:n:n]
	case n <= 336:
		m := &message336{}
		return &m.Message, m.room[:n:n]
	}
	return &Message{}, make([]byte, n)
}
