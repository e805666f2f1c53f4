package protocol

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
