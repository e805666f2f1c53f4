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

// spare holds messages that were released, of the two sizes that sensors and
// small objects have.
var spare144, spare336 sync.Pool

// Retain notes that somebody more has the message, who will Release it. Only
// messages whose memory can be used again take notice: those of [NewMessage], and
// those that a broker's [Codec.DecodeCopy] returned, while they are small. Who may keep
// a message for ever retains it and never releases it.
func (m *Message) Retain() {
	if m.own.holders.Load() > 0 {
		m.own.holders.Add(1)
	}
}

// Release gives up a message: neither it nor its data may be used any more by who
// calls. The memory of one that nobody has any more serves another message. A
// message that is never released is the garbage collector's.
func (m *Message) Release() {
	if m.own.holders.Load() > 0 && m.own.holders.Add(-1) == 0 {
		m.reuse()
	}
}

// reuse puts a message that nobody has any more where recycled finds it.
func (m *Message) reuse() {
	var pool *sync.Pool
	switch cap(m.frame) {
	case 144:
		pool = &spare144
	case 336:
		pool = &spare336
	default:
		return
	}
	// Pointers are only changed where they must be: each costs a write barrier.
	for enc := range m.frames {
		if m.frames[enc].Load() != nil {
			m.frames[enc].Store(nil)
		}
	}
	if m.own.alt.Load() != nil {
		m.own.alt.Store(nil)
	}
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

// recycled returns a message for n bytes that can be released, with one holder.
// What is behind the bytes is room of the same message.
func recycled(n int) (*Message, []byte) {
	pool, size := &spare144, 144
	if n > size {
		pool, size = &spare336, 336
	}
	if n > size {
		return withRoom(n)
	}
	m, ok := pool.Get().(*Message)
	if !ok {
		var room []byte
		m, room = withRoom(size)
		m.frame = room
	}
	m.own.holders.Store(1)
	return m, m.frame[:n]
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

// Messages that are made at a time: as many as waste little of a size class of which many
// fit into what Go's allocator gets at once.
const (
	slabSmall = 9
	slabLarge = 21
)

// slab makes small messages several at a time, for those who never release them. One
// that is kept keeps its neighbours. Hence there are few where each may well be kept, such
// as the last of each topic, and more only while all go to one topic.
type slab struct {
	spare []message144
	size  int
	same  int    // PUBs since the last make that went to the same topic as the one before
	topic string // of the last
	space bool   // topic is one: the messages' own topics may differ
}

func (s *slab) take(n int) (*Message, []byte) {
	if n > len(message144{}.room) {
		return withRoom(n)
	}
	if len(s.spare) == 0 {
		if s.size > 0 && s.same >= s.size {
			s.size = slabLarge
		} else {
			s.size = slabSmall
		}
		s.spare, s.same = make([]message144, s.size), 0
	}
	m := &s.spare[0]
	s.spare = s.spare[1:]
	return &m.Message, m.room[:n:n]
}

// saw notes the topic of a PUB.
func (s *slab) saw(topic string) {
	switch {
	case topic != s.topic:
		s.topic, s.space = topic, IsSpace(topic)
	case !s.space:
		s.same++
	}
}
