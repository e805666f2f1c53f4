package protocol

// Codec turns the frames of one connection into messages and back. It remembers
// the encoding and the dialect of the last frame received, and answers in them.
// Decode is for the reading goroutine, Encode for the writing one; the two may
// run at the same time.
type Codec struct {
	limits Limits
}

// NewCodec returns the codec of a new connection. enc is what is sent until
// the first frame arrives.
func NewCodec(limits Limits, enc Encoding) *Codec { return &Codec{limits: limits.OrDefault()} }

// Decode parses one frame and takes it over: the message refers to its bytes. A
// *BadMessage error refuses this message alone, any other the connection.
func (c *Codec) Decode(enc Encoding, frame []byte) (*Message, error) { return nil, errStub }

// Encode returns the frame of m for this connection. It is either scratch
// grown, or bytes shared with other connections: write it, do not change it.
func (c *Codec) Encode(m *Message, scratch []byte) (frame []byte, enc Encoding, shared bool, err error) {
	return nil, CBOR, false, errStub
}
