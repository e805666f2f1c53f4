// Package pieces works on long slices piece by piece. The Go runtime cannot stop a
// goroutine that copies or adds up megabytes in one go, and when garbage is collected
// others have to wait for it.
package pieces

import (
	"hash/crc32"
	"slices"
)

// Size of a piece in bytes: a few ten microseconds' work.
const Size = 256 << 10

// Copy is copy.
func Copy(dst, src []byte) (n int) {
	for part := range slices.Chunk(src[:min(len(dst), len(src))], Size) {
		n += copy(dst[n:], part)
	}
	return n
}

// Checksum is crc32.Checksum.
func Checksum(data []byte, table *crc32.Table) (sum uint32) {
	for part := range slices.Chunk(data, Size) {
		sum = crc32.Update(sum, table, part)
	}
	return sum
}
