package arrowipc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// messages cuts a stream into its messages, checks the metadata of each and
// hands them to the Arrow library without copying. One message is
//
//	+------------+--------+----------+---------+------+
//	| FF FF FF FF| length | metadata | padding | body |
//	+------------+--------+----------+---------+------+
//	               4 bytes, little-endian, of metadata and padding;
//	               0 ends the stream
//
// where the first four bytes are missing in streams before Arrow 0.15.
type messages struct {
	rest   []byte
	schema schemaCheck
	limits Limits
}

var errCut = errors.New("the stream is cut")

// Message implements ipc.MessageReader.
func (m *messages) Message() (*ipc.Message, error) {
	if len(m.rest) == 0 {
		return nil, io.EOF
	}
	n, err := m.length()
	if err == nil && n == 0xFFFFFFFF {
		n, err = m.length()
	}
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		m.rest = nil
		return nil, io.EOF
	case int64(n) > int64(m.limits.Metadata):
		return nil, fmt.Errorf("metadata of %d bytes, %d are allowed", n, m.limits.Metadata)
	case n < 8 || int64(n) > int64(len(m.rest)):
		return nil, errCut
	}
	meta := m.rest[:n:n]
	body, err := m.schema.check(meta, m.limits)
	if err != nil {
		return nil, err
	}
	m.rest = m.rest[n:]
	if body < 0 || body > int64(len(m.rest)) {
		return nil, errCut
	}
	b := m.rest[:body:body]
	m.rest = m.rest[body:]
	return ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(aligned(b))), nil
}

func (m *messages) length() (uint32, error) {
	if len(m.rest) < 4 {
		return 0, errCut
	}
	n := binary.LittleEndian.Uint32(m.rest)
	m.rest = m.rest[4:]
	return n, nil
}

// aligned returns b where numbers of eight bytes may be read: not every
// processor does so anywhere.
func aligned(b []byte) []byte {
	if len(b) == 0 || uintptr(unsafe.Pointer(unsafe.SliceData(b)))%8 == 0 {
		return b
	}
	return append(make([]byte, 0, len(b)), b...)
}

// Retain implements ipc.MessageReader; there is nothing to count.
func (m *messages) Retain() {}

// Release implements ipc.MessageReader.
func (m *messages) Release() {}
