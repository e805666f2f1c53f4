package ws

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// A frame as it is sent, RFC 6455, section 5.2. The length takes 7 bits, or is
// 126 and follows in 2 bytes, or is 127 and follows in 8; components mask.
//
//	+---+-----+--------+---+--------+---------------+----------+---------+
//	|FIN| 000 | opcode | M | length | length in 2/8 | mask key | payload |
//	| 1 |  3  |   4    | 1 |   7    |  0, 2, 8 bytes| 0, 4     |         |
//	+---+-----+--------+---+--------+---------------+----------+---------+
const (
	finBit  = 0x80
	maskBit = 0x80

	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
)

// appendFrame appends a frame with the given first byte.
func appendFrame(dst []byte, first byte, masked bool, payload []byte) []byte {
	var bit byte
	if masked {
		bit = maskBit
	}
	switch n := len(payload); {
	case n <= 125:
		dst = append(dst, first, bit|byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, first, bit|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, bit|127), uint64(n))
	}
	if !masked {
		return append(dst, payload...)
	}
	key := rand.Uint32()
	dst = binary.LittleEndian.AppendUint32(dst, key)
	start := len(dst)
	dst = append(dst, payload...)
	mask(dst[start:], key)
	return dst
}

// mask flips b by the key, whose lowest byte comes first. RFC 6455, section 5.3.
func mask(b []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= byte(wide >> (8 * i))
	}
}
