package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
)

// ErrMalformed is wrapped by the errors of [Codec.Decode] that end the
// connection: the frame is not well-formed, breaks a limit, or is no message at
// all, so that nothing that follows can be trusted either.
var ErrMalformed = errors.New("rembus: malformed message")

// Codec turns the frames of one connection into messages and back. It remembers
// the encoding and the dialect of the last frame received, and answers in them.
// Decode is for the reading goroutine, Encode for the writing one; the two may
// run at the same time.
type Codec struct {
	limits    Limits
	component bool // this end is the component's: a PUB may bear a pattern

	enc     atomic.Uint32 // Encoding of the last frame received
	dialect atomic.Uint32 // how the peer writes its JSON
	wide    atomic.Bool   // the peer's own ids are of 16 bytes: it understands only plain PUBs

	// Owned by the reading goroutine.
	topics interned
	slab   slab
	names  []nameHash // room for the names of a JSON frame
}

// NewCodec returns the codec of the broker's end of a new connection. enc is
// what is sent until the first frame arrives.
func NewCodec(limits Limits, enc Encoding) *Codec {
	c := &Codec{limits: limits.OrDefault()}
	c.enc.Store(uint32(enc))
	return c
}

// NewComponentCodec returns the codec of a component's end. It differs from the
// broker's in one rule: a PUB that is received may have a space as its topic,
// because that is how brokers deliver to the subscribers of a space.
func NewComponentCodec(limits Limits, enc Encoding) *Codec {
	c := NewCodec(limits, enc)
	c.component = true
	return c
}

// Decode parses one frame and takes it over: the message refers to its bytes. A
// *BadMessage error refuses this message alone, any other ([ErrMalformed]) the
// connection.
func (c *Codec) Decode(enc Encoding, frame []byte) (*Message, error) {
	if err := c.begin(enc, len(frame)); err != nil {
		return nil, err
	}
	if enc == JSON {
		return c.decodeJSON(frame)
	}
	return c.decodeCBOR(&Message{}, frame)
}

// DecodeCopy is Decode for a frame whose memory is used again: the message
// refers to a copy, and a small one costs one allocation for all, at a broker's end
// none if others were released ([Message.Release]).
func (c *Codec) DecodeCopy(enc Encoding, frame []byte) (*Message, error) {
	if err := c.begin(enc, len(frame)); err != nil {
		return nil, err
	}
	if enc == JSON {
		return c.decodeJSON(bytes.Clone(frame))
	}
	take := recycled
	if c.component { // whose messages are kept for as long as the program likes
		take = c.slab.take
	}
	m, room := take(len(frame))
	copy(room, frame)
	return c.decodeCBOR(m, room)
}

// begin notes the encoding of a frame of n bytes, and refuses one that is too
// long.
func (c *Codec) begin(enc Encoding, n int) error {
	if c.Encoding() != enc {
		c.enc.Store(uint32(enc))
	}
	if n > c.limits.MaxMessage {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrMalformed, n, c.limits.MaxMessage)
	}
	return nil
}

// Encode returns the frame of m for this connection. Either it is shared with
// other connections (write it, do not change it), or it was appended to
// scratch and is what append returns. An error says that m cannot be expressed;
// the connection is unharmed.
func (c *Codec) Encode(m *Message, scratch []byte) (frame []byte, enc Encoding, shared bool, err error) {
	enc = c.Encoding()
	if c.shares(m, enc) {
		frame, err = c.sharedFrame(m, enc)
		return frame, enc, true, err
	}
	if enc == JSON {
		frame, err = c.appendJSON(scratch, m)
	} else {
		frame, err = c.appendCBOR(scratch, m)
	}
	return frame, enc, false, err
}

// Encoding returns the encoding of the last frame received: that of the next
// frame sent.
func (c *Codec) Encoding() Encoding { return Encoding(c.enc.Load()) }

// shares reports whether the frame of m is kept with it, for other connections: a
// component has only one.
func (c *Codec) shares(m *Message, enc Encoding) bool {
	if m.Type != Pub || m.QoS != QoS0 || m.HasSlot && c.wide.Load() {
		return false
	}
	return !c.component || m.frames[enc].Load() != nil
}

// sharedFrame returns the frame of a QoS0 PUB, which is the same for all
// receivers of one encoding: as it was received if that will do, else made by
// whoever needs it first.
func (c *Codec) sharedFrame(m *Message, enc Encoding) ([]byte, error) {
	if f := m.frames[enc].Load(); f != nil {
		return *f, nil
	}
	var frame []byte
	var err error
	if enc == JSON {
		frame, err = c.appendJSON(nil, m)
	} else {
		frame, err = appendPub(make([]byte, 0, len(m.Topic)+m.Data.Size()+24), m, m.HasSlot)
	}
	if err != nil {
		return nil, err
	}
	m.frames[enc].Store(&frame)
	return frame, nil
}
