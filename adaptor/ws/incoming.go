package ws

import (
	"encoding/binary"
	"math"
)

// The WebSocket library takes locks for each frame and each piece of it: a third of
// the time that relaying a small message takes. So a frame that is a whole message
// and nothing else, as nearly all are, is taken out of the stream before the library
// sees it. Everything else is its affair: control frames, fragments, whatever is
// wrong. It gets the bytes of one frame at a time, so that none of the next are in its
// buffer when that could be taken out.

const (
	quickMax = maxKeep  // longer frames are the library's
	readMin  = 4 << 10  // bytes of room for a read of a longer frame, at least
	readMax  = 64 << 10 // of a buffer that grows because each read fills it
)

// incoming is what a socket has read and not handed out. Owned by the goroutine that
// receives.
type incoming struct {
	buf  *[]byte // from the pool; nil when there is nothing
	head int     // what is before was handed out
	left uint64  // bytes of the frame that the library is reading
	need int     // room that the next read has to have
	err  error   // of a read, for the library to tell
}

func (in *incoming) unread() []byte {
	if in.buf == nil {
		return nil
	}
	return (*in.buf)[in.head:]
}

// drop gives the buffer back when all of it was handed out, and is used no more.
func (in *incoming) drop() {
	if in.buf != nil && in.head == len(*in.buf) {
		recycle(in.buf)
		in.buf, in.head = nil, 0
	}
}

// room returns where the next read goes.
func (in *incoming) room() []byte {
	if in.buf == nil {
		in.buf = buffers.Get().(*[]byte)
	}
	b := *in.buf
	if in.head > 0 && cap(b)-len(b) < in.need {
		b = append(b[:0], b[in.head:]...)
		in.head = 0
	}
	if cap(b)-len(b) < in.need {
		b = append(make([]byte, 0, len(b)+in.need), b...)
	}
	*in.buf = b
	return b[len(b):cap(b)]
}

// add keeps bytes that came with the handshake.
func (in *incoming) add(p []byte) {
	in.need = len(p)
	copy(in.room(), p)
	*in.buf = (*in.buf)[:len(*in.buf)+len(p)]
}

// frameSize returns the length of the frame that b begins with, and of that what comes
// before the payload; 0 when too little of it is there. RFC 6455, section 5.2.
func frameSize(b []byte) (total uint64, head int) {
	if len(b) < 2 {
		return 0, 0
	}
	head, n := 2, uint64(b[1]&^maskBit)
	switch n {
	case 126:
		if head += 2; len(b) < head {
			return 0, 0
		}
		n = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if head += 8; len(b) < head {
			return 0, 0
		}
		n = binary.BigEndian.Uint64(b[2:])
	}
	if b[1]&maskBit != 0 {
		head += 4
	}
	if len(b) < head {
		return 0, 0
	}
	return uint64(head) + min(n, math.MaxInt64), head // more is refused by the library
}

// frame returns the payload of the next frame, good until the next call, if that is a
// whole message of at most limit bytes; it waits for it. Else the next message is the
// library's.
func (s *socket) frame(masked bool, limit int) (op byte, payload []byte, ok bool) {
	if !s.quick || s.in.left > 0 || s.in.err != nil {
		return 0, nil, false
	}
	for {
		b := s.in.unread()
		need := len(b) + 1
		if total, head := frameSize(b); total > 0 {
			if !plainFrame(b, masked) || total <= uint64(head) || total > uint64(min(quickMax, limit+head)) {
				return 0, nil, false
			}
			if need = int(total); len(b) >= need {
				s.in.head += need
				if payload = b[head:need]; masked {
					mask(payload, binary.LittleEndian.Uint32(b[head-4:]))
				}
				return b[0] & 0xf, payload, true
			}
		}
		if s.fill(min(need-len(b), max(len(b), readMin))) != nil { // the buffer grows with what has arrived
			return 0, nil, false
		}
	}
}

// buffered reports whether frame returns a message without waiting.
func (s *socket) buffered(masked bool, limit int) bool {
	b := s.in.unread()
	total, head := frameSize(b)
	return s.quick && s.in.left == 0 && total > uint64(head) && plainFrame(b, masked) && total <= uint64(min(len(b), quickMax, limit+head))
}

// plainFrame reports whether b begins with a frame that is a whole message.
func plainFrame(b []byte, masked bool) bool {
	return (b[0] == finBit|opText || b[0] == finBit|opBinary) && (b[1]&maskBit != 0) == masked
}

// fill waits for n bytes or fewer, and reads what is there.
func (s *socket) fill(n int) error {
	in := &s.in
	in.drop()
	in.need = max(in.need, n)
	s.reads.Add(1)
	got, err := s.direct.read(in)
	s.reads.Add(1)
	if got > 0 {
		*in.buf = (*in.buf)[:len(*in.buf)+got]
	}
	in.need = 0
	if got > 0 && len(*in.buf) == cap(*in.buf) {
		in.need = min(cap(*in.buf), readMax)
	}
	if err == nil && s.budget.Add(int64(-got)) < 0 {
		err = errFlood
	}
	in.err = err
	return err
}

// readFrame is Read for the library: no more than what is left of one frame.
func (s *socket) readFrame(p []byte) (int, error) {
	in := &s.in
	for in.left == 0 {
		if total, _ := frameSize(in.unread()); total > 0 {
			in.left = total
			break
		}
		if in.err != nil {
			return 0, in.err
		}
		if err := s.fill(1); err != nil {
			return 0, err
		}
	}
	p = p[:min(uint64(len(p)), in.left)]
	if b := in.unread(); len(b) > 0 {
		n := copy(p, b)
		in.head += n
		in.left -= uint64(n)
		return n, nil
	}
	n, err := s.readConn(p)
	in.left -= uint64(n)
	return n, err
}
